"""A small valid file of each XML format and of each coverage format."""

from __future__ import annotations

import json

BOOST = """\
<TestLog><TestSuite name="shop"><TestCase name="adds" file="a.cpp" line="3"><Info>x</Info><TestingTime>10</TestingTime>
</TestCase><TestCase name="fails"><Error file="a.cpp" line="9"><![CDATA[1 != 2]]></Error><TestingTime>1</TestingTime>
</TestCase></TestSuite></TestLog>
"""

CTEST = """\
<?xml version="1.0"?><Site Name="host"><Testing><TestList><Test>./unit</Test></TestList><Test Status="passed">
<Name>unit</Name><Results><NamedMeasurement name="Execution Time"><Value>0.25</Value></NamedMeasurement><Measurement>
<Value>said</Value></Measurement></Results></Test><Test Status="failed"><Name>e2e</Name><Results><NamedMeasurement
name="Exit Code"><Value>Failed</Value></NamedMeasurement></Results></Test></Testing></Site>
"""

NUNIT2 = """\
<?xml version="1.0"?><test-results name="a.dll" total="2" failures="1"><test-suite type="Assembly" name="a.dll"
executed="True" result="Failure"><results><test-case name="N.T.Adds" executed="True" result="Success" time="0.01"/>
<test-case name="N.T.Fails" executed="True" result="Failure" time="0.1"><failure><message><![CDATA[no]]></message>
<stack-trace><![CDATA[at N]]></stack-trace></failure></test-case></results></test-suite></test-results>
"""

NUNIT3 = """\
<?xml version="1.0"?><test-run id="2" testcasecount="2" result="Failed"><test-suite type="Assembly" name="a.dll">
<test-case name="Adds" fullname="N.T.Adds" classname="N.T" methodname="Adds" result="Passed" duration="0.01"/>
<test-case name="Fails" fullname="N.T.Fails" classname="N.T" result="Failed"><failure><message>no</message>
<stack-trace>at N</stack-trace></failure><output>said</output></test-case></test-suite></test-run>
"""

TRX = """\
<?xml version="1.0"?><TestRun id="1" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><TestDefinitions>
<UnitTest name="Adds" id="a"><TestMethod className="N.T, a" name="Adds"/></UnitTest></TestDefinitions><Results>
<UnitTestResult testId="a" testName="Adds" outcome="Failed" duration="00:00:00.0120000"><Output><ErrorInfo>
<Message>no</Message><StackTrace>at N</StackTrace></ErrorInfo></Output></UnitTestResult></Results></TestRun>
"""

XUNIT = """\
<?xml version="1.0"?><assemblies><assembly name="a.dll"><collection name="c"><test name="N.T.Adds" type="N.T"
method="Adds" time="0.01" result="Pass"/><test name="N.T.Fails" type="N.T" method="Fails" time="0.1" result="Fail">
<failure exception-type="E"><message>no</message><stack-trace>at N</stack-trace></failure></test></collection>
</assembly></assemblies>
"""

CLOVER = """\
<?xml version="1.0"?><coverage generated="1"><project timestamp="1"><package name="p">
<file name="c.php" path="/b/c.php">
<line num="1" type="stmt" count="2"/><line num="2" type="cond" truecount="1" falsecount="0"/></file></package>
</project></coverage>
"""

COBERTURA = """\
<?xml version="1.0"?><coverage line-rate="0.5" version="1"><sources><source>src</source></sources><packages>
<package name="p"><classes><class name="c" filename="c.py"><lines><line number="1" hits="1"/><line number="2" hits="0"
branch="true" condition-coverage="50% (1/2)"/></lines></class></classes></package></packages></coverage>
"""

JACOCO = """\
<?xml version="1.0"?><report name="shop"><package name="org/shop"><sourcefile name="Cart.java">
<line nr="3" mi="0" ci="2" mb="1" cb="1"/><counter type="LINE" missed="0" covered="1"/></sourcefile></package></report>
"""

OPENCOVER = """\
<?xml version="1.0"?><CoverageSession><Modules><Module><ModuleName>a</ModuleName><Files><File uid="1"
fullPath="C:\\b\\Cart.cs"/></Files><Classes><Class><FullName>N.Cart</FullName><Methods><Method><FileRef uid="1"/>
<SequencePoints><SequencePoint vc="1" sl="3" el="3" fileid="1"/></SequencePoints><BranchPoints>
<BranchPoint vc="0" sl="3" path="0" fileid="1"/></BranchPoints></Method></Methods></Class></Classes></Module></Modules>
</CoverageSession>
"""

COVERAGEPY = {
    "meta": {"format": 2, "version": "7.4.0", "branch_coverage": True},
    "files": {
        "shop/cart.py": {
            "executed_lines": [1, 2],
            "missing_lines": [3],
            "excluded_lines": [],
            "executed_branches": [[2, 3]],
            "missing_branches": [[2, -1]],
            "summary": {"covered_lines": 2},
        }
    },
    "totals": {"covered_lines": 2},
}

SIMPLECOV = {"RSpec": {"coverage": {"/b/cart.rb": {"lines": [None, 1, 0], "branches": {}}}, "timestamp": 1}}

REPORT_SEEDS: dict[str, bytes] = {
    "boost": BOOST.encode(),
    "clover": CLOVER.encode(),
    "cobertura": COBERTURA.encode(),
    "coveragepy_json": json.dumps(COVERAGEPY).encode(),
    "ctest": CTEST.encode(),
    "go_cover": b"mode: set\nexample.com/m/a.go:3.14,5.2 1 1\nexample.com/m/a.go:7.2,8.3 2 0\n",
    "jacoco": JACOCO.encode(),
    "lcov": b"TN:\nSF:src/a.c\nDA:1,4\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,-\nLF:2\nLH:1\nend_of_record\n",
    "nunit2": NUNIT2.encode(),
    "nunit3": NUNIT3.encode(),
    "opencover": OPENCOVER.encode(),
    "simplecov": json.dumps(SIMPLECOV).encode(),
    "trx": TRX.encode(),
    "xunit": XUNIT.encode(),
}
"""By the name of the format."""
