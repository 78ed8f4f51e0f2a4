// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    /// A transfer between legs of different media threads, measured in packets: A talks with B and C with D, then A with C.
    @Suite("Measured transfer")
    struct TransferMeasurements {
        private static let names = ["8001", "8002", "8003", "8004"]

        private struct Four {
            let exchange: SwitchUnderTest
            /// A, B, C, D.
            let phones: [RawPhone]
            let signalling: [RawPhone.Signalling]
            let said: [[[UInt8]]]
            let transferredAt: Int64
        }

        /// Everybody says something else in every packet, for five seconds.
        private func transfer(in place: Workplace) async throws -> Four {
            let exchange = try SwitchUnderTest(
                in: place,
                changing: [
                    .record(prompt: false), .init(file: "site.toml", text: "threads = 0", by: "threads = 3"),
                ])
            try await exchange.start()
            let phones = try Self.names.map { _ in try RawPhone(law: .a) }
            var signalling: [RawPhone.Signalling?] = [nil, nil, nil, nil]
            for (caller, called) in [(0, 1), (2, 3)] {
                signalling[called] = try await phones[called].plays(
                    Self.names[called], ending: .waits, at: exchange)
                signalling[caller] = try await phones[caller].plays(
                    Self.names[caller], calling: Self.names[called],
                    ending: caller == 0 ? .hangsUp(after: .seconds(6)) : .waits, at: exchange)
            }
            let lines = signalling.compactMap { $0 }
            var seed = SplitMix(state: 5)
            let said = Self.names.map { _ in
                (0..<250).map { _ in (0..<RawPhone.frame).map { _ in UInt8(truncatingIfNeeded: seed.next() >> 20) } }
            }
            for index in phones.indices {
                let port = try await lines[index].switchMediaPort(
                    after: index.isMultiple(of: 2) ? "SIP/2.0 200" : "ACK sip:")
                phones[index].send(said[index], to: port)
            }
            try await Task.sleep(for: .milliseconds(1500))
            let calls = try await exchange.rows("calls")
            try #require(Set(calls.compactMap { ($0["id"] as? String).flatMap(Self.thread) }).count == 2)
            func leg(_ seat: String) throws -> String {
                let legs = calls.flatMap { $0["legs"] as? [[String: Any]] ?? [] }
                let leg = legs.first { ($0["party"] as? String)?.contains(seat) == true }?["id"] as? String
                return try #require(leg, "\(calls)")
            }
            let at = RawPhone.clock()
            _ = try await Child.run(
                SwitchUnderTest.program("martlet"),
                ["complete", try leg("8002"), try leg("8004"), "--data", exchange.data.path(percentEncoded: false)],
                in: place.folder)
            for line in lines { try await line.succeeds() }
            return Four(exchange: exchange, phones: phones, signalling: lines, said: said, transferredAt: at)
        }

        /// The media thread of a call's rooms among three, as `EngineDoor.openRoom` chooses it.
        private static func thread(of call: String) -> Int? {
            UInt64(call, radix: 16).map { Int((($0 &* 0x9E37_79B9_7F4A_7C15) >> 32) % 3) }
        }

        @Test(
            "speech goes on within 40 ms and is untouched, the recording is as long as the call",
            .timeLimit(.minutes(1)))
        func gap() async throws {
            let place = try Workplace()
            let four = try await transfer(in: place)
            defer { for phone in four.phones { phone.end() } }
            // The machine itself may be late.
            let lateness = four.phones.map(\.lateness).max() ?? 0
            for (listener, before, after) in [(0, 1, 2), (2, 3, 0)] {
                let heard = four.phones[listener].received.filter { $0.payloadType == RawPhone.Law.a.rawValue }
                let places = [before, after].map { speaker in
                    Dictionary(uniqueKeysWithValues: four.said[speaker].enumerated().map { ($1, $0) })
                }
                let first = heard.indices.filter { places[0][heard[$0].payload] != nil }
                let second = heard.indices.filter { places[1][heard[$0].payload] != nil }
                let (last, next) = (try #require(first.last), try #require(second.first))
                // One packet after the other of each, then of the other, with nothing between them.
                for (indices, place) in [(first, places[0]), (second, places[1])] {
                    let order = indices.compactMap { place[heard[$0].payload] }
                    #expect(zip(order, order.dropFirst()).allSatisfy { $1 == $0 + 1 }, "\(order)")
                    #expect(order.count > 50)
                }
                #expect(next == last + 1)
                let stream = heard[(first.first ?? 0)...(second.last ?? 0)]
                for (one, other) in zip(stream, stream.dropFirst()) {
                    #expect(other.sequence == one.sequence &+ 1)
                    #expect((1...320).contains(other.timestamp &- one.timestamp), "\(other.timestamp &- one.timestamp)")
                }
                let gap = Double(heard[next].at - heard[last].at) / 1e6
                Measurements.tell("transfer.gap", gap)
                #expect(gap < 40 + 1000 * lateness, "\(Self.names[listener]) heard nothing for \(gap) ms")
            }
        }

        @Test("the recording follows its leg and is as long as the call", .timeLimit(.minutes(1)))
        func recording() async throws {
            let place = try Workplace()
            let four = try await transfer(in: place)
            defer { for phone in four.phones { phone.end() } }
            var found: CallEvents?
            for _ in 0..<80 where found == nil {
                let events = try await four.exchange.events(from: "8001", to: "8002")
                // A call that another was linked to is listed before its end.
                if (try? events.time(of: "call.ended")) != nil { found = events }
                try await Task.sleep(for: .milliseconds(100))
            }
            let events = try #require(found)
            let file = try #require(try four.exchange.recordings().first { $0.lastPathComponent.contains("8001") })
            let wave = try StereoFile(file)
            let length = try events.time(of: "call.ended") - events.time(of: "recording.started")
            let off = Double(wave.samples) / 8000 - length
            let lateness = four.phones.map(\.lateness).max() ?? 0
            #expect(abs(off) <= 0.020 + 3 * lateness, "the call lasted \(length) s, its recording is \(off) s off")
            Measurements.tell("transfer.recording.off", off * 1000)
        }
    }
}
