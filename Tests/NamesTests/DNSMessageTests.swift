// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@testable import Names

/// Answers as name servers send them, and as attackers would.
@Suite struct DNSMessageTests {
    static let question = DNSQuestion(name: "sip.example", type: .a)

    /// An answer's header and question: flags, counts of answers.
    static func head(_ answers: UInt8, flags: [UInt8] = [0x81, 0x80], id: UInt16 = 7, type: UInt8 = 1) -> [UInt8] {
        [UInt8(id >> 8), UInt8(id & 0xFF)] + flags + [0, 1, 0, answers, 0, 0, 0, 0]
            + [3] + Array("sip".utf8) + [7] + Array("example".utf8) + [0, 0, type, 0, 1]
    }

    /// A record whose owner is the question's name, by pointer.
    static func record(_ type: UInt8, _ data: [UInt8], seconds: [UInt8] = [0, 0, 0, 60]) -> [UInt8] {
        [0xC0, 12, 0, type, 0, 1] + seconds + [UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }

    static func read(_ bytes: [UInt8], _ question: DNSQuestion = question) -> DNSMessage.Answer? {
        DNSMessage.answer(bytes, to: question, id: 7)
    }

    @Test func aQuestionIsWrittenAsTheStandardSays() {
        #expect(
            DNSMessage.question(Self.question, id: 0x1234)
                == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3] + Array("sip".utf8) + [7] + Array("example".utf8)
                + [0, 0, 1, 0, 1])
        let long = String(repeating: "a", count: 64)
        for name in ["", "a..b", long, Array(repeating: "abcdefgh", count: 30).joined(separator: ".")] {
            #expect(DNSMessage.question(DNSQuestion(name: name, type: .a), id: 1) == nil, "\(name)")
        }
    }

    @Test func addressesAndAliasesAreRead() {
        let answer = Self.read(
            Self.head(3) + Self.record(5, [1, 0x58, 0xC0, 16]) + Self.record(1, [192, 0, 2, 1])
                + Self.record(16, [1, 0x61]))
        #expect(
            answer?.records == [
                DNSRecord(name: "sip.example", kind: .cname, seconds: 60, data: .alias("x.example")),
                DNSRecord(name: "sip.example", kind: .a, seconds: 60, data: .address("192.0.2.1")),
            ])
        let six = Self.read(
            Self.head(1, type: 28) + Self.record(28, [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]),
            DNSQuestion(name: "sip.example", type: .aaaa))
        #expect(six?.records.map(\.data) == [.address("2001:db8::1")])
    }

    @Test func servicesAreRead() {
        let answer = Self.read(
            Self.head(2, type: 33) + Self.record(33, [0, 10, 0, 5, 0x13, 0xC4, 1, 0x61, 0xC0, 16])
                + Self.record(33, [0, 0, 0, 0, 0, 0, 0]), DNSQuestion(name: "sip.example", type: .srv))
        #expect(
            answer?.records.map(\.data) == [
                .srv(priority: 10, weight: 5, port: 5060, target: "a.example"),
                .srv(priority: 0, weight: 0, port: 0, target: ""),
            ])
    }

    @Test func whatIsNoAnswerToTheQuestionIsNotTaken() {
        let good = Self.head(1) + Self.record(1, [192, 0, 2, 1])
        #expect(Self.read(good) != nil)
        #expect(DNSMessage.answer(good, to: Self.question, id: 8) == nil, "another number")
        #expect(Self.read(good, DNSQuestion(name: "sip.other", type: .a)) == nil, "another name")
        #expect(Self.read(good, DNSQuestion(name: "sip.example", type: .aaaa)) == nil, "another type")
        #expect(Self.read(Self.head(1, flags: [0x01, 0x80]) + Self.record(1, [192, 0, 2, 1])) == nil, "a question")
        // The server may write the name in capitals.
        var capitals = good
        capitals[13] = 0x53
        #expect(Self.read(capitals) != nil)
    }

    @Test func aTruncatedAnswerSaysSo() {
        #expect(Self.read(Self.head(9, flags: [0x83, 0x80]) + [0xC0])?.isTruncated == true)
    }

    @Test func codesAreTold() {
        #expect(Self.read(Self.head(0, flags: [0x81, 0x83]))?.code == 3)
        #expect(Self.read(Self.head(0, flags: [0x81, 0x82]))?.code == 2)
    }

    @Test(
        arguments: [
            // A pointer to itself, forward, in a circle, beyond the end.
            [0xC0, 29, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 1, 1, 1],
            [0xC0, 60, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 1, 1, 1],
            [1, 0x61, 0xC0, 29, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 1, 1, 1],
            [0xFF, 0xFF, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 1, 1, 1],
            // A label type that does not exist, a label beyond the end, data beyond the end.
            [0x80, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 1, 1, 1],
            [63, 0x61],
            [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0xFF, 0xFF, 1, 1, 1, 1],
            [],
        ] as [[UInt8]])
    func brokenNamesAndLengthsAreRefused(record: [UInt8]) { #expect(Self.read(Self.head(1) + record) == nil) }

    @Test func recordsOfTheWrongLengthAreLeftOut() {
        let answer = Self.read(
            Self.head(4) + Self.record(1, [1, 2, 3]) + Self.record(28, [1, 2, 3, 4]) + Self.record(33, [0, 1])
                + Self.record(5, [0]))
        #expect(answer?.records == [])
    }

    @Test func aNameWithBytesNoHostHasIsLeftOut() {
        let answer = Self.read(Self.head(1) + Self.record(5, [3, 0x61, 0x0A, 0x2E, 0]))
        #expect(answer?.records == [])
    }

    @Test func anAbsurdLifetimeCountsAsNone() {
        let answer = Self.read(Self.head(1) + Self.record(1, [1, 1, 1, 1], seconds: [0xFF, 0xFF, 0xFF, 0xFF]))
        #expect(answer?.records.map(\.seconds) == [0])
    }

    /// Whatever comes, it is read to a value or refused; nothing traps or runs for ever.
    @Test func mutilatedAnswersHarmNothing() {
        let seed: UInt64 = 20_261_126
        var entropy = Entropy.seeded(seed)
        let whole =
            Self.head(3, type: 33) + Self.record(5, [1, 0x61, 0xC0, 16]) + Self.record(1, [192, 0, 2, 1])
            + Self.record(33, [0, 10, 0, 5, 0x13, 0xC4, 1, 0x61, 0xC0, 16])
        var taken = 0
        for _ in 0..<50_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &entropy) {
                let at = Int.random(in: 0..<bytes.count, using: &entropy)
                switch Int.random(in: 0...3, using: &entropy) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &entropy)
                case 1: bytes[at] = 0xC0
                case 2: bytes.removeLast(min(bytes.count - 1, at / 4))
                default: bytes.insert(UInt8.random(in: 0...255, using: &entropy), at: at)
                }
            }
            guard let answer = Self.read(bytes, DNSQuestion(name: "sip.example", type: .srv)) else { continue }
            taken += 1
            #expect(answer.records.count <= DNSMessage.mostRecords, "seed \(seed)")
            #expect(answer.records.allSatisfy { $0.name.utf8.count <= 253 }, "seed \(seed)")
        }
        #expect(taken > 100)
    }
}
