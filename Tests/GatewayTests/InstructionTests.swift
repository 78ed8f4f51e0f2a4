// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import martlet_gateway

@Suite("Orders as they are typed")
struct InstructionTests {
    @Test(arguments: [
        ("line 2 ring from 13800138000", Subject.line(2), Order.ring(from: "13800138000", to: nil)),
        ("LINE 2 Ring From +8613800138000 to 6001", .line(2), .ring(from: "+8613800138000", to: "6001")),
        ("  line   1\tanswer ", .line(1), .answer),
        ("answer", .current, .answer),
        ("lines answer after 3", .lines, .answerAfter(3)),
        ("lines answer after 0.5", .lines, .answerAfter(0.5)),
        ("line 3 answer never", .line(3), .answerAfter(nil)),
        ("line 3 answer after never", .line(3), .answerAfter(nil)),
        ("line 2 busy", .line(2), .engaged(true)),
        ("phone 8011 free", .phone(8011), .engaged(false)),
        ("phone 3 off hook", .phone(3), .offHook),
        ("phone 3 on hook", .phone(3), .hangUp),
        ("phone 3 dial *43", .phone(3), .dial("*43")),
        ("press 1", .current, .press("1")),
        ("line 2 press 12#*abcd", .line(2), .press("12#*ABCD")),
        ("line 2 speak My Files/hello there.wav  ", .line(2), .speak("My Files/hello there.wav")),
        ("line 2 record \"a b.wav\"", .line(2), .record("a b.wav")),
        ("stop speaking", .current, .stopSpeaking),
        ("line 1 stop recording", .line(1), .stopRecording),
        ("hang up", .current, .hangUp),
        ("phones hangup", .phones, .hangUp),
        ("wait connected 5", .current, .wait("connected", seconds: 5, mustHappen: false)),
        ("gateway wait registered 5", .lines, .wait("registered", seconds: 5, mustHappen: false)),
        ("line 2 expect Heard DTMF 5 2.5", .line(2), .wait("heard dtmf 5", seconds: 2.5, mustHappen: true)),
    ])
    func reads(_ line: String, _ subject: Subject, _ order: Order) throws {
        #expect(try Instruction(parsing: line) == .order(subject, order))
    }

    @Test(arguments: [
        ("", Instruction.nothing), ("   ", .nothing), ("# a comment", .nothing), ("status", .status), ("Quit", .quit),
        ("exit", .quit), ("help", .help), ("?", .help), ("sleep 2", .pause(seconds: 2)),
        ("pause 0.1", .pause(seconds: 0.1)),
    ])
    func readsOthers(_ line: String, _ instruction: Instruction) throws {
        #expect(try Instruction(parsing: line) == instruction)
    }

    @Test(arguments: [
        "line", "line x answer", "line 0 answer", "line 2", "line 2 ring", "line 2 ring from", "line 2 ring 1380",
        "dance",
        "phone 3 dial", "phone 3 dial 80 01", "phone 3 off", "line 2 press", "line 2 press x", "line 2 press 1 2",
        "line 2 speak", "line 2 speak \"\"", "wait 5", "wait connected", "wait connected -1", "wait connected nan",
        "wait connected 1e9", "sleep", "sleep x", "sleep 1 2", "status now", "quit please", "hang", "stop",
        "answer after",
        "line 99999999999999999999 answer", "line 2 ring from a;b", "line 2 busy now",
    ])
    func complains(_ line: String) {
        #expect(throws: InstructionError.self) { try Instruction(parsing: line) }
    }

    @Test("a complaint shows how it is written right")
    func complaint() {
        #expect(throws: InstructionError("write: phone 3 dial 8001")) { try Instruction(parsing: "phone 3 dial") }
    }

    @Test("a line that never ends is cut, not refused with a crash")
    func endless() {
        #expect(throws: InstructionError.self) {
            try Instruction(parsing: "press " + String(repeating: "1", count: 1_000_000))
        }
    }
}

@Suite("What a port remembers for wait")
struct PortTests {
    @Test("an event is waited for once, and in order")
    func once() {
        var port = Port()
        port.note("ringing from 8001")
        port.note("heard dtmf 5")
        port.note("heard dtmf 5")
        #expect(port.matches("ringing") == true)
        #expect(port.matches("heard dtmf 5") == true)
        #expect(port.matches("heard dtmf 5") == true)
        #expect(port.matches("heard dtmf 5") == false)
    }

    @Test("words match whole words, from the beginning")
    func words() {
        var port = Port()
        port.note("heard dtmf 5")
        #expect(port.matches("heard dtm") == false)
        #expect(port.matches("dtmf 5") == false)
        #expect(port.matches("heard dtmf") == true)
    }

    @Test("events of an earlier call do not count, its state does not either")
    func earlier() {
        var port = Port()
        port.note("connected")
        port.forgetEvents()
        port.state = .calling
        #expect(port.matches("connected") == false)
        port.state = .connected
        #expect(port.matches("connected") == true)
    }

    @Test("a port that tells much forgets the oldest and still finds the newest")
    func bounded() {
        var port = Port()
        for number in 0..<1_000 { port.note("heard dtmf \(number)") }
        #expect(port.events.count == 256)
        #expect(port.matches("heard dtmf 999") == true)
        #expect(port.matches("heard dtmf 0") == false)
    }
}

@Suite("Secrets of the data folder")
struct GatewaySecretsTests {
    @Test("seats and trunks are told apart; quotes and comments are no part of them")
    func reads() {
        let secrets = GatewaySecrets(
            text: """
                # made at the first start
                [seats]
                8009 = "abcdefgh23456789"
                "8010" = "with=equals#sign"

                [trunks]
                gateway = 'single quotes' # why not
                [other]
                8011 = "no seat"
                broken
                """)
        #expect(secrets.seats == ["8009": "abcdefgh23456789", "8010": "with=equals#sign"])
        #expect(secrets.trunks == ["gateway": "single quotes"])
    }
}
