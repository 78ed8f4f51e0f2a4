// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Configuration
import Diagnostics
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
        case "lamps": return ControlReply(lamps: await exchange.lamps().map(Self.report))
        case "call": return await perform(request.words ?? [])
        case "reload":
            let (isInForce, messages) = await reload()
            return isInForce
                ? ControlReply(messages: messages)
                : ControlReply(
                    error: "the site has mistakes; the old one stays in force\n" + messages.joined(separator: "\n"))
        default: return ControlReply(error: "unknown command \(request.command)")
        }
    }

    /// Carries out a command of the exchange.
    private func perform(_ words: [String]) async -> ControlReply {
        do {
            // The number of a call ends all its legs; the two are told apart by what they are.
            if words.first == "hangup", words.count == 2, let call = CallID(words[1]), await exchange.hangUp(call) {
                return ControlReply()
            }
            switch try await exchange.perform(try CommandText.parse(words), by: "control") {
            case .done: return ControlReply()
            case .call(let call): return ControlReply(call: call.description)
            }
        } catch let mistake as CommandText.Mistake {
            return ControlReply(error: mistake.wording.text(in: Language.ofTerminal))
        } catch let refusal as CommandRefusal {
            return ControlReply(error: refusal.wording.text(in: Language.ofTerminal))
        } catch { return ControlReply(error: "\(error)") }
    }

    private func calls() async -> [CallReport] {
        await exchange.snapshot().map(Self.report).sorted { $0.started < $1.started }
    }

    private func status() async -> StatusReport {
        let site = services.site.site
        var counters: [String: UInt64] = [:]
        for name in SwitchCounters.Name.allCases { counters[name.rawValue] = services.counters.value(name) }
        let agent = await exchange.counters()
        counters["sip.refused"] = agent.refused
        counters["sip.overload"] = agent.overload
        counters["sip.stray"] = agent.strayAcks + agent.strayResponses + agent.foreignResponses
        counters["sip.merged"] = agent.merged
        counters["sip.failovers"] = agent.failovers
        counters["sip.refers.refused"] = agent.refusedRefers
        counters["sip.subscribes.refused"] = agent.refusedSubscribes
        counters["sip.notifies.unexpected"] = agent.unexpectedNotifies
        counters["sip.subscriptions.lost"] = agent.lostSubscriptions
        let wire = transport.counters
        counters["transport.received"] = UInt64(wire.messagesReceived)
        counters["transport.sent"] = UInt64(wire.messagesSent)
        counters["transport.lost"] = UInt64(wire.datagramsLost)
        counters["transport.dropped"] = UInt64(
            wire.droppedTooLong + wire.droppedByFloodControl + wire.droppedOnTheWay)
        let trunks = site.trunks.map { trunk in
            TrunkReport(
                name: trunk.name, lines: trunk.lines, inUse: services.occupancy.taken(.trunk(trunk.name)),
                state: services.state(of: trunk, now: .now()).description)
        }
        return StatusReport(
            version: Martlet.version, site: site.name, processID: getpid(),
            upSeconds: startedAt.duration(to: .now()).components.seconds, listen: listening,
            calls: services.occupancy.taken(.calls), registrations: services.location.allBindings.count,
            subscriptions: await exchange.lampCount(), trunks: trunks,
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

    private static func report(_ lamp: LampSnapshot) -> LampReport {
        LampReport(
            watcher: lamp.watcher, source: lamp.source, number: lamp.number, watches: lamp.names, package: lamp.package,
            state: lamp.state, told: lamp.told)
    }

    private static func report(_ binding: Binding) -> RegistrationReport {
        RegistrationReport(
            address: binding.aor, contact: binding.contact.description,
            source: "\(binding.flow.transport.rawValue.lowercased()):\(binding.flow.address):\(binding.flow.port)",
            reachable: binding.way != nil, expires: text(binding.expires), userAgent: binding.userAgent)
    }
}
