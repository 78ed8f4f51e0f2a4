// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    /// Recordings and relayed speech, measured to the sample and the octet.
    @Suite("Measured recordings")
    struct Measurements {
        enum Ender: CaseIterable {
            case caller, callee, command
        }

        @Test(
            "a recording is as long as its call, whoever ends it", .timeLimit(.minutes(1)), arguments: Ender.allCases)
        func length(ender: Ender) async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place, changing: [.record(prompt: ender == .caller)])
            try await exchange.start()
            let talk = Duration.milliseconds(2130)
            let (caller, callee) = (try RawPhone(law: .a), try RawPhone(law: .a))
            defer { for phone in [caller, callee] { phone.end() } }
            let called = try await callee.plays(
                "8002", ending: ender == .callee ? .hangsUp(after: talk) : .waits, at: exchange)
            let calling = try await caller.plays(
                "8001", calling: "8002", ending: ender == .caller ? .hangsUp(after: .seconds(4)) : .waits, at: exchange)
            let silence = [[UInt8]](repeating: caller.frame(), count: 500)
            caller.send(
                silence, to: try await calling.switchMediaPort(after: "SIP/2.0 200"), isPunctual: false)
            callee.send(silence, to: try await called.switchMediaPort(after: "ACK sip:"))
            if ender == .command {
                try await Task.sleep(for: talk)
                try await exchange.hangUp(call: try #require(try await exchange.rows("calls").first?["id"] as? String))
            }
            try await calling.succeeds()
            try await called.succeeds()
            let events = try await exchange.events(from: "8001", to: "8002")
            let file = try StereoFile(try #require(try exchange.recordings().first))
            let began = try events.time(of: "recording.started")
            let length = try events.ended - began
            let held = Double(file.samples) / 8000
            // A machine too busy to send a packet in time is as late in noting what happened.
            #expect(
                abs(held - length) <= 0.020 + 3 * caller.lateness,
                "the call lasted \(length) s, its recording \(held) s")
            #expect(try events.field("milliseconds", of: "recording.stopped") == String(Int(held * 1000)))
            try #expect(await soxSamples(file.url, in: place) == file.samples)
            Self.tell("recording.length.off", (held - length) * 1000)
        }

        @Test(
            "what was said stands in the recording when it was said, on both sides", .timeLimit(.minutes(1)),
            arguments: [true, false])
        func places(prompt: Bool) async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place, changing: [.record(prompt: prompt)])
            try await exchange.start()
            let (caller, callee) = (try RawPhone(law: .a), try RawPhone(law: .mu))
            defer { for phone in [caller, callee] { phone.end() } }
            let called = try await callee.plays("8002", ending: .waits, at: exchange)
            let calling = try await caller.plays(
                "8001", calling: "8002", ending: .hangsUp(after: .seconds(prompt ? 7 : 5)), at: exchange)
            // In packets from the phone's first: the caller's first two fall into the prompt, if there is one.
            let (said, answered) = ([20, 60, 110, 190, 231], [30, 75, 120, 163])
            caller.send(
                caller.clicks(at: said, of: 400), to: try await calling.switchMediaPort(after: "SIP/2.0 200"))
            callee.send(
                callee.clicks(at: answered, of: 400), to: try await called.switchMediaPort(after: "ACK sip:"))
            try await calling.succeeds()
            try await called.succeeds()
            let events = try await exchange.events(from: "8001", to: "8002")
            let file = try StereoFile(try #require(try exchange.recordings().first))
            let (left, right) = (file.clicks(in: 0), file.clicks(in: 1))
            #expect(left.count == said.count && right.count == answered.count, "\(left) \(right)")
            try #require(left.count == said.count && right.count == answered.count)
            // Where each click should stand, in samples from the recording's start, by the clock of the wall.
            let wall = Date().timeIntervalSince1970 - Double(RawPhone.clock()) / 1e9
            let began = try events.time(of: "recording.started")
            func due(_ phone: RawPhone, _ packets: [Int]) -> [Int] {
                packets.map {
                    Int(((Double(phone.due[$0]) / 1e9 + wall).remainder(dividingBy: 86_400) - began) * 8000)
                }
            }
            func day(_ samples: Int) -> Int {
                ((samples % 691_200_000) + 691_200_000 + 345_600_000) % 691_200_000 - 345_600_000
            }
            let errors = [
                zip(left, due(caller, said)).map { day($0 - $1) },
                zip(right, due(callee, answered)).map { day($0 - $1) },
            ]
            for (found, packets) in [(left, said), (right, answered)] {
                for (one, other) in zip(found.indices, found.indices.dropFirst()) {
                    let distance = (packets[other] - packets[one]) * RawPhone.frame
                    #expect(abs(found[other] - found[one] - distance) <= 160, "\(found) of packets \(packets)")
                }
            }
            for error in errors.joined() {
                #expect(abs(error) <= 168, "\(errors)")
                Self.tell("recording.place.off", Double(error) / 8)
            }
            let apart = zip(errors[0], errors[1]).map { $0 - $1 }
            for error in apart { #expect(abs(error) <= 160, "the sides are \(apart) samples apart") }
        }

        @Test(
            "speech between phones of one law arrives octet by octet, in order", .timeLimit(.minutes(1)),
            arguments: [RawPhone.Law.a, .mu])
        func relay(law: RawPhone.Law) async throws {
            let (sent, got) = try await exchangeNoise(law, law)
            for side in 0...1 {
                let arrived = got[side].map(\.payload)
                #expect(arrived == sent[side])
                Self.tell("relay.altered", Double(zip(arrived, sent[side]).filter { $0 != $1 }.count))
                #expect(got[side].allSatisfy { $0.payloadType == law.rawValue })
                for (one, next) in zip(got[side], got[side].dropFirst()) {
                    #expect(next.sequence == one.sequence &+ 1 && next.timestamp == one.timestamp &+ 160)
                }
            }
        }

        @Test("between the laws every octet becomes the nearest of the other law", .timeLimit(.minutes(1)))
        func transcoding() async throws {
            let (sent, got) = try await exchangeNoise(.a, .mu)
            for (side, from, to) in [(0, RawPhone.Law.a, RawPhone.Law.mu), (1, .mu, .a)] {
                var table: [UInt8: UInt8] = [:]
                #expect(sent[side].count == got[side].count)
                for (said, heard) in zip(sent[side], got[side]) {
                    #expect(heard.payloadType == to.rawValue)
                    for (octet, became) in zip(said, heard.payload) {
                        #expect(table[octet] == nil || table[octet] == became)
                        table[octet] = became
                    }
                }
                #expect(table.count == 256)
                Self.tell("transcoding.codes.missing", Double(256 - table.count))
                for (octet, became) in table {
                    let (value, other) = (from.linear(octet), to.linear(became))
                    // Half a step of the coarser law at this loudness; the smallest step of A-law is 16.
                    let allowed = max(16, max(abs(value), abs(other)) / 32) + 4
                    #expect(abs(value - other) <= allowed, "\(from) \(octet) is \(value), became \(other)")
                    #expect(value * other >= 0)
                }
            }
        }

        @Test("at every moment the header of a recording tells what the file holds", .timeLimit(.minutes(1)))
        func header() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place, changing: [.record(prompt: false)])
            try await exchange.start()
            let (caller, callee) = (try RawPhone(law: .a), try RawPhone(law: .a))
            defer { for phone in [caller, callee] { phone.end() } }
            let called = try await callee.plays("8002", ending: .waits, at: exchange)
            let calling = try await caller.plays("8001", calling: "8002", ending: .waits, at: exchange)
            caller.send(
                caller.clicks(at: Array(0..<500), of: 500), to: try await calling.switchMediaPort(after: "SIP/2.0 200"))
            callee.send(
                callee.clicks(at: Array(0..<500), of: 500), to: try await called.switchMediaPort(after: "ACK sip:"))
            let folder = try place.subfolder("copies")
            var lengths: [Int] = []
            for index in 0..<12 {
                try await Task.sleep(for: .milliseconds(300))
                guard let file = try exchange.recordings().first else { continue }
                let copy = folder.appending(path: "\(index).wav")
                try FileManager.default.copyItem(at: file, to: copy)
                let wave = try StereoFile(copy)
                // Samples are written first and the header after them.
                #expect(wave.samples <= wave.present && wave.present - wave.samples <= 2400, "\(wave)")
                try #expect(await soxSamples(copy, in: place) == wave.samples)
                lengths.append(wave.samples)
            }
            #expect(lengths.count >= 11 && lengths == lengths.sorted(), "\(lengths)")
            try await exchange.crash()
            let ended = RawPhone.clock()
            let wave = try StereoFile(try #require(try exchange.recordings().first))
            try #expect(await soxSamples(wave.url, in: place) == wave.samples)
            // Of the last packets, how many are there.
            let clicks = wave.clicks(in: 0).count
            let sent = caller.sent.filter { $0 <= ended }.count
            #expect(sent - clicks <= 50, "\(clicks) of \(sent) packets are in the file")
            Self.tell("recording.killed.missing", Double(sent - clicks) * 20)
        }

        // MARK: How

        /// Tells `tools/bench` a figure, which keeps the worst of each name.
        static func tell(_ name: String, _ value: Double) {
            guard ProcessInfo.processInfo.environment["MARTLET_FIGURES"] != nil else { return }
            print("figure \(name) \(String(format: "%.2f", value))")
        }

        /// Two phones talk noise at each other; returns what each sent and what the other got.
        private func exchangeNoise(
            _ one: RawPhone.Law, _ other: RawPhone.Law
        ) async throws -> (sent: [[[UInt8]]], got: [[RawPhone.Packet]]) {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let (caller, callee) = (try RawPhone(law: one), try RawPhone(law: other))
            defer { for phone in [caller, callee] { phone.end() } }
            let called = try await callee.plays("8002", ending: .waits, at: exchange)
            let calling = try await caller.plays(
                "8001", calling: "8002", ending: .hangsUp(after: .seconds(4)), at: exchange)
            var seed = SplitMix(state: 711)
            func noise() -> [[UInt8]] {
                (0..<125).map { _ in (0..<RawPhone.frame).map { _ in UInt8(truncatingIfNeeded: seed.next() >> 20) } }
            }
            let sent = [noise(), noise()]
            let callerPort = try await calling.switchMediaPort(after: "SIP/2.0 200")
            let calleePort = try await called.switchMediaPort(after: "ACK sip:")
            try await Task.sleep(for: .milliseconds(200))
            caller.send(sent[0], to: callerPort)
            callee.send(sent[1], to: calleePort)
            try await calling.succeeds()
            try await called.succeeds()
            // What came before is the switch's own silence, from before the two were put through.
            let got = [callee, caller].map { phone in
                Array(phone.received.filter { $0.payloadType < 96 }.suffix(sent[0].count))
            }
            return (sent, got)
        }

        private func soxSamples(_ file: URL, in place: Workplace) async throws -> Int {
            let text = try await Child.run("soxi", ["-s", file.path(percentEncoded: false)], in: place.folder)
            guard let samples = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw ScenarioError("soxi says \(text)")
            }
            return samples
        }
    }
}

extension SwitchUnderTest.Change {
    /// Calls between seats are recorded in two channels from the start, with or without a prompt before the ringing.
    static func record(prompt: Bool) -> Self {
        let before =
            prompt ? "Answer()\n same => n,MixMonitor(,D)\n same => n,Playback(digits/5&digits/7)" : "MixMonitor(,D)"
        return Self(
            file: "extensions.conf", text: "same => n,Dial(Seat/${EXTEN},${RINGTIME})",
            by: "same => n,\(before)\n same => n,Dial(Seat/${EXTEN},${RINGTIME})")
    }
}

extension RawPhone {
    func frame(click: Bool = false) -> [UInt8] {
        [UInt8](repeating: click ? law.loudest : law.silence, count: 8)
            + [UInt8](repeating: law.silence, count: Self.frame - 8)
    }

    /// Silence with a click of a millisecond at the beginning of some packets.
    func clicks(at packets: [Int], of count: Int) -> [[UInt8]] {
        (0..<count).map { frame(click: packets.contains($0)) }
    }
}

extension RawPhone.Law {
    /// ITU-T G.711, as 16 bits.
    func linear(_ octet: UInt8) -> Int {
        if self == .mu {
            let code = ~octet
            let magnitude = ((Int(code & 0x0f) << 3) + 0x84) << Int((code >> 4) & 7) - 0x84
            return code & 0x80 != 0 ? -magnitude : magnitude
        }
        let code = octet ^ 0x55
        let exponent = Int((code >> 4) & 7)
        let mantissa = Int(code & 0x0f) << 4
        let magnitude = exponent == 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1)
        return code & 0x80 != 0 ? magnitude : -magnitude
    }
}

/// A recording of two channels in A-law, octet by octet.
struct StereoFile: CustomStringConvertible {
    let url: URL
    /// Samples of a channel, by the header.
    let samples: Int
    /// Samples of a channel that the file really holds.
    let present: Int
    private let octets: ArraySlice<UInt8>

    var description: String { "the header says \(samples) samples, the file holds \(present)" }

    init(_ url: URL) throws {
        self.url = url
        let bytes = try [UInt8](Data(contentsOf: url))
        func long(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
        guard let data = bytes.firstRange(of: Array("data".utf8))?.lowerBound, bytes[20] == 6, bytes[22] == 2 else {
            throw ScenarioError("\(url.lastPathComponent) is no A-law stereo WAVE file")
        }
        let length = long(data + 4)
        guard long(4) == data + 8 + length - 8 + length % 2 else {
            throw ScenarioError("RIFF length \(long(4)) for \(length) octets of data at \(data)")
        }
        samples = length / 2
        present = (bytes.count - data - 8) / 2
        octets = bytes[(data + 8)...]
    }

    /// Where clicks begin: at least four of the loudest samples together.
    func clicks(in channel: Int) -> [Int] {
        let loudest = RawPhone.Law.a.loudest
        var found: [Int] = []
        var run = 0
        for index in 0..<min(samples, present) {
            run = octets[octets.startIndex + 2 * index + channel] == loudest ? run + 1 : 0
            if run == 4 { found.append(index - 3) }
        }
        return found
    }
}

/// The events of a call as `martlet cdr --call` tells them.
struct CallEvents {
    let row: [String: Any]

    private func event(_ name: String) throws -> [String: Any] {
        let events = row["events"] as? [[String: Any]] ?? []
        guard let event = events.first(where: { $0["name"] as? String == name }) else {
            throw ScenarioError("no \(name) among \(events.compactMap { $0["name"] })")
        }
        return event
    }

    /// Seconds of the day.
    func time(of name: String) throws -> Double { try Self.seconds(event(name)["time"]) }

    var ended: Double { get throws { try Self.seconds(row["ended"]) } }

    func field(_ field: String, of name: String) throws -> String? {
        (try event(name)["fields"] as? [String: String])?[field]
    }

    private static func seconds(_ time: Any?) throws -> Double {
        let parts = (time as? String)?.split(separator: " ").last?.split(separator: ":").compactMap { Double($0) } ?? []
        guard parts.count == 3 else { throw ScenarioError("no time: \(time ?? "")") }
        return parts[0] * 3600 + parts[1] * 60 + parts[2]
    }
}

extension SwitchUnderTest {
    func events(from: String, to: String) async throws -> CallEvents {
        let id = try await record(from: from, to: to).fields["call"] as? String ?? ""
        let text = try await Child.run(
            Self.program("martlet"), ["cdr", "--call", id, "--data", data.path(percentEncoded: false), "--json"],
            in: place.folder)
        guard let row = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw ScenarioError("martlet cdr --call \(id) printed \(text.prefix(1000))")
        }
        return CallEvents(row: row)
    }
}
