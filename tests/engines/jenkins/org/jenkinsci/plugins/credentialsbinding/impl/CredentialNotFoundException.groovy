package org.jenkinsci.plugins.credentialsbinding.impl

import hudson.AbortException

/** There is no such credential. Its name, and what it is, are those of the Credentials Binding plugin. */
class CredentialNotFoundException extends AbortException {
    CredentialNotFoundException(String message) { super(message) }
}
