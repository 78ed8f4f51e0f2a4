// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

@testable import Store

/// What the ledger's records make of a story: every leg, talk and call has one row with two ends, nothing is a stray,
/// and what was said in each call, counted here in a way of its own, is what its talks sum up to.
extension SimulatedSwitch {
    func expectSumsAgree(_ note: Comment, sourceLocation: Testing.SourceLocation) {
        let events = ledger.events
        var fold = RecordFold()
        var strays: [String] = []
        for (index, event) in events.enumerated() {
            let before = fold.strays
            fold.apply(NumberedLedgerEvent(sequence: UInt64(index + 1), event: event))
            if fold.strays > before {
                let story = events[..<index].filter { $0.leg == event.leg }.map(\.name)
                strays.append("\(event.name) of leg \(event.leg.map(\.description) ?? ""), after \(story.suffix(20))")
            }
        }
        let rows = fold.takeRows()
        #expect(strays == [], note, sourceLocation: sourceLocation)
        #expect(fold.calls.open.isEmpty && fold.legs.open.isEmpty, note, sourceLocation: sourceLocation)
        func numbers(_ name: String) -> Set<UInt64> {
            Set(events.filter { $0.name == name }.compactMap { $0.leg?.rawValue ?? $0.call?.rawValue })
        }
        #expect(Set(rows.calls.map(\.call.rawValue)) == numbers(CallStarted.name), note, sourceLocation: sourceLocation)
        #expect(Set(rows.legs.map(\.leg.rawValue)) == numbers(LegStarted.name), note, sourceLocation: sourceLocation)
        #expect(
            rows.calls.count + rows.legs.count
                == events.count { $0.name == CallStarted.name || $0.name == LegStarted.name }, note,
            sourceLocation: sourceLocation)

        var said: [CallID: Int64] = [:]
        for talk in rows.talks { said[talk.call, default: 0] += talk.duration.nanoseconds / 1000 }
        let counted = Self.said(events)
        #expect(
            said.filter { $0.value > 0 } == counted.byCall.filter { $0.value > 0 }, note, sourceLocation: sourceLocation
        )
        for leg in rows.legs {
            let talk = leg.talk.nanoseconds / 1000
            #expect(talk <= counted.byLeg[leg.leg, default: 0], note, sourceLocation: sourceLocation)
            #expect((talk > 0) == (counted.byLeg[leg.leg, default: 0] > 0), note, sourceLocation: sourceLocation)
        }
        for call in rows.calls {
            #expect(call.answeredDuration <= call.duration, note, sourceLocation: sourceLocation)
            if call.disposition == .answered, call.into == nil {
                #expect(call.answered != nil, "\(note) call \(call.call)", sourceLocation: sourceLocation)
            }
        }
    }

    /// Microseconds of talk by call and by leg.
    private static func said(_ events: [LedgerEvent]) -> (byCall: [CallID: Int64], byLeg: [LegID: Int64]) {
        struct Talk {
            var call: CallID
            var since: Int64
        }
        var open: [Set<LegID>: Talk] = [:]
        var survivors: [CallID: CallID] = [:]
        var byCall: [CallID: Int64] = [:]
        var byLeg: [LegID: Int64] = [:]
        func survivor(_ call: CallID) -> CallID { survivors[call].map(survivor) ?? call }
        func count(_ legs: Set<LegID>, _ talk: Talk, until now: Int64) {
            byCall[talk.call, default: 0] += now - talk.since
            for leg in legs { byLeg[leg, default: 0] += now - talk.since }
        }
        for event in events {
            let now = event.at.nanoseconds / 1000
            if let leg = event.leg, let fact = event.read(TalkStarted.self), let call = event.call {
                open[[leg, fact.peer]] = Talk(call: survivor(call), since: now)
            } else if let leg = event.leg, let fact = event.read(TalkEnded.self) {
                if let talk = open.removeValue(forKey: [leg, fact.peer]) { count([leg, fact.peer], talk, until: now) }
            } else if let leg = event.leg, event.name == LegEnded.name {
                // What a restart ends has no other end.
                for (legs, talk) in open where legs.contains(leg) {
                    count(legs, talk, until: now)
                    open[legs] = nil
                }
            } else if let call = event.call, let fact = event.read(CallLinked.self) {
                survivors[call] = fact.into
                for (legs, talk) in open where talk.call == call {
                    count(legs, talk, until: now)
                    open[legs] = Talk(call: survivor(fact.into), since: now)
                }
            }
        }
        return (byCall, byLeg)
    }
}
