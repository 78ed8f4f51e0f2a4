// SPDX-License-Identifier: AGPL-3.0-or-later
import ArgumentParser
import CallModel
import Foundation
import Store
import Timing

/// Reads the database itself, so it works whether the switch runs or not.
struct CDRCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cdr", abstract: "Shows call detail records, newest first.")

    @Option(name: .long, help: "How many.")
    var last: Int = 20

    @Option(name: .long, help: "One call, with its legs, talks, links and every event of the ledger.")
    var call: String?

    @OptionGroup var options: DataOptions

    private struct Row: Encodable {
        var call: String
        var started: String
        var answered: String?
        var ended: String
        var from: String
        var caller: String
        var dialled: String
        var to: String?
        var disposition: String
        var cause: Int
        var causeText: String
        var endedBy: String
        var seconds: Double
        var answeredSeconds: Double
        var talkSeconds: Double
        var recording: String?
        var into: String?
        var legs: [Leg]
        var talks: [Talk]?
        var links: [Link]?
        var events: [Event]?
    }

    private struct Leg: Encodable {
        var leg: String
        var party: String
        var direction: String
        var address: String
        var sipCallID: String
        var started: String
        var answered: String?
        var ended: String
        var cause: Int
        var sipStatus: Int?
        var codec: String?
        var seconds: Double
        var heldSeconds: Double
        var talkSeconds: Double
        var packetsReceived: UInt64
        var packetsSent: UInt64
        var packetsLost: UInt64
        var jitterMilliseconds: Double
    }

    private struct Talk: Encodable {
        var leg: String
        var peer: String
        var started: String
        var seconds: Double
    }

    private struct Link: Encodable {
        var call: String
        var into: String
        var reason: String
        var time: String
    }

    private struct Event: Encodable {
        var sequence: UInt64
        var time: String
        var leg: String?
        var name: String
        var fields: [String: String]
    }

    func run() throws {
        do {
            let reader = try StoreReader(dataFolder: options.data)
            if let call {
                guard let id = CallID(call) else {
                    throw ValidationError("a call's number is hexadecimal, not \(call)")
                }
                let events = try reader.events(of: id)
                guard let record = try reader.callRecord(id) else {
                    throw ValidationError(
                        events.isEmpty
                            ? "there is no call \(call)" : "call \(call) is still up; 'martlet calls' shows it")
                }
                var row = Self.row(record, legs: try reader.legs(of: id))
                row.talks = try reader.talks(of: id).map(Self.talk)
                row.links = try reader.links(of: id).map(Self.link)
                row.events = events.map(Self.event)
                options.json ? try printJSON(row) : show(row)
            } else {
                let rows = try reader.callRecords(last: max(1, min(last, 10_000))).map { record in
                    Self.row(record, legs: try reader.legs(of: record.call))
                }
                options.json ? try printJSON(rows) : show(rows)
            }
        } catch let error as StoreError {
            printError("martlet: \(error)")
            throw ExitCode(1)
        }
    }

    private func show(_ rows: [Row]) {
        printTable(
            ["CALL", "STARTED", "FROM", "DIALLED", "TO", "RESULT", "CAUSE", "BY", "SECONDS", "TALK", "RECORDING"],
            rows.map { row in
                [
                    row.call, row.started, row.from, row.dialled, row.to ?? "", row.disposition,
                    "\(row.cause) \(row.causeText)", row.endedBy, String(format: "%.1f", row.seconds),
                    String(format: "%.1f", row.talkSeconds), row.recording ?? "",
                ]
            })
    }

    private func show(_ row: Row) {
        show([row])
        print("")
        printTable(
            ["LEG", "PARTY", "DIRECTION", "ADDRESS", "CODEC", "TALK", "IN", "OUT", "LOST", "JITTER MS", "CAUSE"],
            row.legs.map { leg in
                [
                    leg.leg, leg.party, leg.direction, leg.address, leg.codec ?? "",
                    String(format: "%.1f", leg.talkSeconds), String(leg.packetsReceived), String(leg.packetsSent),
                    String(leg.packetsLost), String(format: "%.1f", leg.jitterMilliseconds),
                    leg.sipStatus.map { "\(leg.cause) (SIP \($0))" } ?? String(leg.cause),
                ]
            })
        if let talks = row.talks, !talks.isEmpty {
            print("")
            printTable(
                ["TALK OF", "WITH", "FROM", "SECONDS"],
                talks.map { [$0.leg, $0.peer, $0.started, String(format: "%.1f", $0.seconds)] })
        }
        for link in row.links ?? [] {
            print("")
            print("\(link.time)  call \(link.call) became part of \(link.into): \(link.reason)")
        }
        print("")
        for event in row.events ?? [] {
            let fields = event.fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            let leg = event.leg.map { "leg \($0) " } ?? ""
            print("\(event.sequence)  \(event.time)  \(leg)\(event.name)  \(fields)")
        }
    }

    private static func text(_ time: WallTime) -> String {
        timestamp(seconds: Int(time.microseconds / 1_000_000), milliseconds: Int(time.microseconds / 1000 % 1000))
    }

    /// To the microsecond, so that sums agree.
    private static func seconds(_ duration: Duration) -> Double { Double(duration.nanoseconds / 1000) / 1_000_000 }

    private static func row(_ record: CallRecord, legs: [LegRecord]) -> Row {
        Row(
            call: record.call.description, started: text(record.started), answered: record.answered.map(text),
            ended: text(record.ended), from: record.from.description,
            caller: record.callerName.isEmpty
                ? record.callerNumber : "\(record.callerName) <\(record.callerNumber)>",
            dialled: record.dialled, to: record.to?.description, disposition: record.disposition.rawValue,
            cause: record.cause.rawValue, causeText: record.cause.text, endedBy: record.endedBy.rawValue,
            seconds: seconds(record.duration), answeredSeconds: seconds(record.answeredDuration),
            talkSeconds: seconds(record.talk), recording: record.recording, into: record.into?.description,
            legs: legs.map(leg))
    }

    private static func leg(_ record: LegRecord) -> Leg {
        Leg(
            leg: record.leg.description, party: record.party.description,
            direction: record.isIncoming ? "in" : "out", address: record.address, sipCallID: record.sipCallID,
            started: text(record.started), answered: record.answered.map(text), ended: text(record.ended),
            cause: record.cause.rawValue, sipStatus: record.sipStatus, codec: record.codec,
            seconds: seconds(record.duration), heldSeconds: seconds(record.held), talkSeconds: seconds(record.talk),
            packetsReceived: record.statistics.packetsReceived, packetsSent: record.statistics.packetsSent,
            packetsLost: record.statistics.packetsLost,
            jitterMilliseconds: Double(record.statistics.jitter) / 8)
    }

    private static func talk(_ record: TalkRecord) -> Talk {
        Talk(
            leg: record.leg.description, peer: record.peer.description, started: text(record.started),
            seconds: seconds(record.duration))
    }

    private static func link(_ record: LinkRecord) -> Link {
        Link(
            call: record.call.description, into: record.into.description, reason: record.reason.rawValue,
            time: text(record.time))
    }

    private static func event(_ event: NumberedLedgerEvent) -> Event {
        Event(
            sequence: event.sequence, time: text(event.event.time), leg: event.event.leg?.description,
            name: event.event.name,
            fields: Dictionary(
                event.event.fact.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
    }
}
