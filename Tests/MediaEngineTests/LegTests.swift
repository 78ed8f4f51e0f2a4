// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@testable import MediaEngine

@Suite struct LegTests {
    private let frame = [UInt8](repeating: 0x55, count: 160)

    @Test func silenceLongerThanTheTimeOutIsToldOnceForEachSilence() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room, timeout: .seconds(2))
        func count() -> Int { studio.events.filter { if case .timedOut = $0 { true } else { false } }.count }
        studio.run(milliseconds: 1900)
        #expect(count() == 0)
        studio.run(milliseconds: 3000)
        #expect(count() == 1)
        phone.speak(frame)
        studio.run(milliseconds: 1900)
        #expect(count() == 1)
        studio.run(milliseconds: 1000)
        #expect(count() == 2)
    }

    /// A phone that holds us by 0.0.0.0 still tells by RTCP that it is there; a stranger's RTCP tells nothing.
    @Test func reportsCountAsASignOfLifeFromTheHostThatSpokeOnly() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        let leg = try studio.leg(phone, in: room)
        phone.speak(frame)
        studio.run(milliseconds: 20)
        var held = studio.media(phone, sends: false, receives: false, timeout: .seconds(1))
        held.remoteAddress = "0.0.0.0"
        studio.door.configure(leg, held)
        func count() -> Int { studio.events.filter { if case .timedOut = $0 { true } else { false } }.count }
        for _ in 0..<6 {
            phone.report()
            studio.run(milliseconds: 500)
        }
        #expect(count() == 0)
        for _ in 0..<6 {
            phone.report([0x80, 204, 0, 1, 0, 0, 0, 1])
            phone.report(from: "127.0.0.9")
            studio.run(milliseconds: 500)
        }
        #expect(count() == 1)
    }

    @Test func anotherTimeoutBeginsANewSilence() throws {
        let studio = try Studio()
        let phone = Phone()
        let room = try studio.door.openRoom(callAffinity: 1)
        // Early media or hold: a long silence is nobody's fault.
        let leg = try studio.leg(phone, in: room)
        studio.run(milliseconds: 3000)
        studio.door.configure(leg, studio.media(phone, timeout: .seconds(1)))
        studio.run(milliseconds: 500)
        #expect(!studio.events.contains { if case .timedOut = $0 { true } else { false } })
        studio.run(milliseconds: 1000)
        #expect(studio.events.contains { if case .timedOut = $0 { true } else { false } })
    }

    @Test func theClosedLegsFiguresTellWhatWasLost() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone(sequence: 65530)
        let leg = try studio.leg(phone, in: room)
        for index in 0..<20 {
            if index % 5 == 4 {
                phone.sequence &+= 1
                phone.timestamp &+= 160
            } else {
                phone.speak(frame)
            }
            studio.run(milliseconds: 20)
        }
        phone.speak(frame, type: 33)
        phone.sendRaw([1, 2, 3])
        studio.settle()
        studio.door.close(leg)
        studio.settle()
        let figures = try #require(
            studio.events.compactMap { if case .legClosed(leg, let figures) = $0 { figures } else { nil } }.first)
        #expect(figures.packetsReceived == 16)
        // The last gap is not seen, as nothing came after it.
        #expect(figures.packetsLost == 3)
        #expect(figures.packetsRefused == 2)
        #expect(figures.packetsSent == 20)
        #expect(studio.events.filter { if case .started(leg) = $0 { true } else { false } }.count == 1)
    }

    @Test func speechGoesWhereItComesFromNotWhereTheOfferSaid() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let real = Phone()
        let signalled = Phone()
        let leg = try studio.leg(signalled, in: room)
        _ = leg
        real.target = signalled.target
        studio.run(milliseconds: 40)
        #expect(signalled.heard().count == 2)
        real.speak(frame)
        studio.run(milliseconds: 40)
        #expect(real.heard().count == 2)
        #expect(signalled.heard().isEmpty)
    }

    @Test func aStrangersPacketsAreRefusedWhileTheFarSideSpeaks() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        let thief = Phone(ssrc: 66)
        _ = try studio.leg(a, in: room)
        _ = try studio.leg(b, in: room)
        thief.target = a.target
        for _ in 0..<50 {
            a.speak(frame)
            thief.speak([UInt8](repeating: 0x66, count: 160))
            studio.run(milliseconds: 20)
        }
        #expect(b.heard().allSatisfy { $0.payload == frame })
        #expect(thief.heard().isEmpty)
        #expect(studio.engine.counters.refused == 50)
    }

    @Test func everySlotCanBeUsedAgainAndStaleHandlesNameNothing() throws {
        let studio = try Studio()
        for _ in 0..<3 {
            let room = try studio.door.openRoom(callAffinity: 1)
            var legs: [MediaLeg] = []
            for _ in 0..<256 { legs.append(try studio.door.openLeg(in: room).leg) }
            #expect(throws: MediaError.exhausted("legs")) { try studio.door.openLeg(in: room) }
            studio.settle()
            for leg in legs { studio.door.close(leg) }
            studio.door.close(room)
            studio.settle()
            for leg in legs { studio.door.close(leg) }
            studio.settle()
        }
        #expect(studio.events.filter { if case .legClosed = $0 { true } else { false } }.count == 768)
        #expect(studio.engine.counters.refusedCommands == 768)
    }

    @Test func noPortTwiceAndAnErrorWhenAllAreTaken() throws {
        let engine = try MediaEngine(
            configuration: MediaConfiguration(threads: 1, address: "127.0.0.1", ports: 9500...9507))
        let door = engine.door(forShard: 0)
        let room = try door.openRoom(callAffinity: 1)
        var ports: Set<UInt16> = []
        do {
            for _ in 0..<5 { ports.insert(try door.openLeg(in: room).port) }
            Issue.record("a fifth pair of four")
        } catch {
            #expect(error == .noFreePort)
        }
        #expect(ports.allSatisfy { $0 % 2 == 0 })
        #expect(ports.count <= 4 && ports.count >= 1)
    }

    @Test func reportsOfSendersAndReceiversGoOut() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone(ssrc: 0xABCD)
        // A second socket cannot be had at the phone's odd port for sure, so the packets are made and read here.
        _ = try studio.leg(phone, in: room)
        for _ in 0..<10 {
            phone.speak(frame)
            studio.run(milliseconds: 20)
        }
        let leg = studio.core.legs
        let before = leg.pointee.report.nextNanoseconds
        studio.run(milliseconds: 4000)
        #expect(leg.pointee.report.nextNanoseconds > before)
        let name = "martlet"
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = studio.core.writeReport(0, &bytes)
        #expect(bytes[1] == 200 && bytes[0] == 0x81)
        #expect(count == 52 + 20)
        #expect(Array(bytes[28..<32]) == [0, 0, 0xAB, 0xCD])
        #expect(bytes[53] == 202 && String(decoding: bytes[62..<62 + name.utf8.count], as: UTF8.self) == name)
        // A report about our stream is understood.
        var report: [UInt8] = [0x81, 201, 0, 7, 0, 0, 0xAB, 0xCD]
        report += bytes[4..<8] + [3, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0]
        studio.core.read(report, count: report.count, leg)
        #expect(leg.pointee.report.farLost == 42 && leg.pointee.report.farJitter == 17)
    }
}
