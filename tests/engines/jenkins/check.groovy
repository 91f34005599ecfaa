// Looks at Jenkinsfiles without running them: groovy -cp FOLDER check.groovy FILE…
//   -> JSON {FILE: {findings: ["line N: …"], methods: {name: bytes}, transformed: bytes}}
import groovy.json.JsonOutput

println JsonOutput.toJson(args.collectEntries { [it, new Checker(new File(it)).report()] })
