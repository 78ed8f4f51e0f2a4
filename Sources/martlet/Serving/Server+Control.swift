// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import Foundation
import SIPMessage
import SIPStack
import SIPTransport
import Site
import Timing

/// What the control socket can ask for.
extension Server {
    func answer(_ request: ControlRequest) async -> ControlReply {
        switch request.command {
        case "status": return ControlReply(status: await status())
        case "calls": return ControlReply(calls: await calls())
        case "registrations":
            return ControlReply(
                registrations: services.location.allBindings.map(Self.report).sorted { $0.address < $1.address })
        case "hangup":
            guard let id = request.call.flatMap({ CallID($0) }) else {
                return ControlReply(error: "a call's number is hexadecimal, as 'martlet calls' shows it")
            }
            for shard in shards where await shard.hangUp(id) { return ControlReply() }
            return ControlReply(error: "there is no call \(id)")
        case "reload":
            let (isInForce, messages) = reload()
            return isInForce
                ? ControlReply(messages: messages)
                : ControlReply(
                    error: "the site has mistakes; the old one stays in force\n" + messages.joined(separator: "\n"))
        default: return ControlReply(error: "unknown command \(request.command)")
        }
    }

    private func calls() async -> [CallReport] {
        var reports: [CallReport] = []
        for shard in shards { reports += await shard.snapshot().map(Self.report) }
        return reports.sorted { $0.started < $1.started }
    }

    private func status() async -> StatusReport {
        let site = services.site.site
        var counters: [String: UInt64] = [:]
        for name in SwitchCounters.Name.allCases { counters[name.rawValue] = services.location.counters.value(name) }
        for shard in shards {
            let agent = await shard.counters()
            counters["sip.refused", default: 0] += agent.refused
            counters["sip.overload", default: 0] += agent.overload
            counters["sip.stray", default: 0] += agent.strayAcks + agent.strayResponses + agent.foreignResponses
            counters["sip.merged", default: 0] += agent.merged
        }
        let wire = transport.counters
        counters["transport.received"] = UInt64(wire.messagesReceived)
        counters["transport.sent"] = UInt64(wire.messagesSent)
        counters["transport.dropped"] = UInt64(
            wire.droppedWithoutCallID + wire.droppedTooLong + wire.droppedByFloodControl + wire.droppedBetweenShards)
        let trunks = site.trunks.map { trunk in
            let state: String
            if let user = trunk.user {
                state = services.location.bindings(of: user, now: .now()).isEmpty ? "not registered" : "registered"
            } else {
                state =
                    services.location.isReachable(trunk.name).map { $0 ? "reachable" : "not reachable" } ?? "not asked"
            }
            return TrunkReport(
                name: trunk.name, lines: trunk.lines, inUse: services.occupancy.taken(.trunk(trunk.name)), state: state)
        }
        return StatusReport(
            version: Martlet.version, site: site.name, processID: getpid(),
            upSeconds: startedAt.duration(to: .now()).components.seconds, listen: listening, shards: shards.count,
            calls: services.occupancy.taken(.calls), registrations: services.location.allBindings.count, trunks: trunks,
            counters: counters)
    }

    private static func text(_ time: WallTime) -> String {
        timestamp(seconds: Int(time.microseconds / 1_000_000), milliseconds: Int(time.microseconds / 1000 % 1000))
    }

    private static func report(_ call: CallSnapshot) -> CallReport {
        CallReport(
            id: call.id.description, from: call.from.description,
            caller: call.caller.name.isEmpty ? call.caller.number : "\(call.caller.name) <\(call.caller.number)>",
            dialled: call.dialled, started: text(call.startedAt), answered: call.isAnswered,
            at: call.step.map { "\($0.file):\($0.line) \($0.application)(\($0.arguments))" },
            legs: call.legs.map { leg in
                LegReport(
                    id: leg.id.description, party: leg.party.description, state: leg.state, codec: leg.codec)
            })
    }

    private static func report(_ binding: Binding) -> RegistrationReport {
        RegistrationReport(
            address: binding.aor, contact: binding.contact.description,
            source: "\(binding.flow.transport.rawValue.lowercased()):\(binding.flow.address):\(binding.flow.port)",
            expires: text(binding.expires), userAgent: binding.userAgent)
    }
}
