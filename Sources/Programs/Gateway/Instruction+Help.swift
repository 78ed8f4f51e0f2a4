// SPDX-License-Identifier: AGPL-3.0-or-later

extension Instruction {
    static let helpText = """
        Four outside lines (line 1 … line 4) and eight telephones (phone 1 … phone 8, or by number: phone 8011).
        An order without a name goes to the one named last; "lines" and "phones" are all of them.

        line 2 ring from 13800138000   somebody outside calls in on line 2
        lines answer after 3           outside parties the switch calls answer after 3 s (2 at first); "never": by hand
        line 2 answer                  the outside party, or the ringing telephone, answers now
        line 2 busy                    the outside party, or the telephone, is engaged: calls get 486; "free" ends it
        phone 3 dial 8001              lifts the receiver and dials
        phone 3 off hook               lifts the receiver: answers when it rings, else it is engaged
        line 2 press 1                 presses keys: 0-9 * # A-D (RFC 4733)
        line 2 speak file.wav          speaks a file: WAV, 8 kHz, mono; "stop speaking"
        line 2 record file.wav         writes down what is heard; "stop recording"
        line 2 hang up                 phone 3 on hook means the same
        line 2 wait connected 5        waits at most 5 s for what its lines below say; the last word is the seconds
        line 2 expect heard dtmf 5 10  the same, and ends the program with failure if it does not come
        gateway wait registered 5      the lines' registration; phones wait registered 5: all telephones'
        sleep 2                        waits
        status                         one line for each
        quit                           hangs up, unregisters, ends

        What happens is told a line each, whose first two words say who:
        calling NUMBER · dialled NUMBER from CALLER · ringing [from CALLER] · connected · hears speech · heard dtmf 5
        pressed 12 · spoke 2.1 s · recorded 4.0 s · held · resumed · refused 486 Busy Here · hung up
        hung up by far end · idle

        A busy line or telephone is answered 486; when all lines are in use the answer is 503 Service Unavailable,
        as gateways do whose circuits are all taken (RFC 3398 §7.2.4.1, cause 34).
        """
}
