// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@testable import Exchange

@Suite struct ReasonTests {
    /// RFC 3326 §2: protocol, parameters, several values in one header.
    @Test(
        arguments: [
            ("Q.850;cause=17", HangupCause.userBusy), ("q.850 ; Cause = 16 ;text=\"Terminated\"", .normalClearing),
            ("SIP;cause=600;text=\"Busy, everywhere\", Q.850;cause=34", .noCircuit), ("SIP;cause=200", nil),
            ("Q.850;cause=999", nil), ("Q.850;text=\"x\"", nil), ("Q.850;cause=", nil), ("", nil), (",;,;=", nil),
            ("Q.850;cause=99999999999999999999999", nil),
        ] as [(String, HangupCause?)])
    func theCauseOfAReasonHeader(text: String, cause: HangupCause?) {
        #expect(Switchboard.causeInReason(text) == cause)
    }
}
