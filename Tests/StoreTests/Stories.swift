// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Timing

/// A call between two seats, from beginning to end.
struct PlainCall {
    let call: CallID
    let caller: LegID
    let called: LegID

    init(_ source: inout IdentifierSource) {
        call = source.nextCall()
        caller = source.nextLeg()
        called = source.nextLeg()
    }

    /// All at second 0.
    func events(answered: Bool, recorded: Bool = false) -> [LedgerEvent] {
        var events: [LedgerEvent] = []
        func add(_ leg: LegID?, _ fact: any LedgerFact) {
            events.append(LedgerEvent(seconds: 0, call: call, leg: leg, fact))
        }
        var statistics = LegStatistics()
        statistics.packetsReceived = 500
        add(
            nil,
            CallStarted(
                from: .seat("8001"), caller: CallerIdentity(number: "8001", name: "王 \"O'Neill\""), dialled: "8002",
                context: "seats", origin: caller))
        add(
            caller, LegStarted(party: .seat("8001"), incoming: true, sipCallID: "a@b", address: "127.0.0.1:5070"))
        add(nil, DialStarted(targets: "Seat/8002"))
        add(called, LegStarted(party: .seat("8002"), incoming: false, sipCallID: "c@d", address: "127.0.0.1:5080"))
        add(called, LegRinging())
        if answered {
            add(called, LegAnswered(codec: "PCMA"))
            add(caller, LegAnswered(codec: "PCMU"))
            if recorded { add(caller, RecordingStarted(path: "/tmp/x.wav")) }
            add(caller, TalkStarted(peer: called))
            add(caller, TalkEnded(peer: called))
        }
        let cause: HangupCause = answered ? .normalClearing : .noAnswer
        add(
            called, LegEnded(cause: cause, by: .callee, sipStatus: answered ? 200 : 480, statistics: statistics))
        add(caller, LegEnded(cause: cause, by: .callee, sipStatus: nil, statistics: statistics))
        add(nil, CallEnded(cause: cause, disposition: answered ? .answered : .noAnswer, by: .callee))
        return events
    }
}

/// Calls that go in any order, from a seed: begun, rung, answered, held, put together, parted, linked, ended; the wall
/// clock is set now and then. Beside the events it counts, in a way of its own, what was said in which call.
struct Stories {
    struct OpenCall {
        var id: CallID
        var legs: [LegID] = []
    }

    struct Talk {
        var a: LegID
        var b: LegID
        var call: CallID
    }

    private var entropy: Entropy
    private var source: IdentifierSource
    private var wall: Int64 = 1_800_000_000_000_000
    private var elapsed: Int64 = 5_000_000
    private var calls: [OpenCall] = []
    private var talks: [Talk] = []

    private(set) var begunCalls: [CallID] = []
    private(set) var begunLegs: [LegID] = []
    private(set) var links = 0
    /// Microseconds.
    private(set) var saidInCall: [CallID: Int64] = [:]
    private(set) var saidByLeg: [LegID: Int64] = [:]

    init(seed: UInt64, run: UInt32 = 1) {
        entropy = .seeded(seed)
        source = IdentifierSource(run: run)
    }

    mutating func next() -> LedgerEvent {
        pass(Int64(entropy.next() % 2_000_000))
        while true {
            if let event = attempt() { return event }
        }
    }

    /// Ends every call there is.
    mutating func finish() -> [LedgerEvent] {
        var events: [LedgerEvent] = []
        while !calls.isEmpty {
            pass(Int64(entropy.next() % 2_000_000))
            events.append(endCall(calls.count - 1))
        }
        return events
    }

    private mutating func pass(_ microseconds: Int64) {
        elapsed += microseconds
        wall += microseconds
        if entropy.next() % 50 == 0 { wall += Int64(entropy.next() % 7_200_000_000) - 3_600_000_000 }
        for talk in talks {
            saidInCall[talk.call, default: 0] += microseconds
            saidByLeg[talk.a, default: 0] += microseconds
            saidByLeg[talk.b, default: 0] += microseconds
        }
    }

    private func event(_ call: CallID, _ leg: LegID?, _ fact: any LedgerFact) -> LedgerEvent {
        LedgerEvent(
            time: WallTime(microseconds: wall), at: Instant(nanoseconds: elapsed * 1000 + 999), call: call, leg: leg,
            fact)
    }

    private mutating func pick(_ count: Int) -> Int { Int(entropy.next() % UInt64(count)) }

    private mutating func attempt() -> LedgerEvent? {
        let action = pick(16)
        if calls.isEmpty || (action == 0 && calls.count < 8) { return beginCall() }
        let index = pick(calls.count)
        switch action {
        case 0...3: return beginLeg(index)
        case 4...6: return anything(index)
        case 7...10: return beginTalk(index)
        case 11: return endTalk()
        case 12, 13: return endLeg(index)
        case 14: return link(index)
        default: return endCall(index)
        }
    }

    private mutating func beginCall() -> LedgerEvent {
        let id = source.nextCall()
        calls.append(OpenCall(id: id))
        begunCalls.append(id)
        return event(
            id, nil,
            CallStarted(
                from: .seat("8001"), caller: CallerIdentity(number: "8001"), dialled: "8002", context: "seats",
                origin: nil))
    }

    private mutating func beginLeg(_ index: Int) -> LedgerEvent? {
        guard calls[index].legs.count < 4 else { return nil }
        let leg = source.nextLeg()
        calls[index].legs.append(leg)
        begunLegs.append(leg)
        return event(
            calls[index].id, leg,
            LegStarted(party: .seat("\(8000 + pick(9))"), incoming: pick(2) == 0, sipCallID: "x", address: "y"))
    }

    private mutating func anything(_ index: Int) -> LedgerEvent? {
        guard !calls[index].legs.isEmpty else { return nil }
        let leg = calls[index].legs[pick(calls[index].legs.count)]
        let facts: [any LedgerFact] = [
            LegRinging(), LegAnswered(codec: "PCMA"), LegHeld(), LegResumed(), DigitPressed(key: "5"),
            RecordingStarted(path: "/r/\(leg)"), Note(name: "some.thing", fields: [LedgerField("a", "b")]),
        ]
        return event(calls[index].id, leg, facts[pick(facts.count)])
    }

    private mutating func beginTalk(_ index: Int) -> LedgerEvent? {
        let legs = calls[index].legs
        guard legs.count > 1 else { return nil }
        let a = legs[pick(legs.count)]
        let b = legs[pick(legs.count)]
        guard a != b, !talks.contains(where: { ($0.a == a && $0.b == b) || ($0.a == b && $0.b == a) }) else {
            return nil
        }
        talks.append(Talk(a: a, b: b, call: calls[index].id))
        return event(calls[index].id, a, TalkStarted(peer: b))
    }

    private mutating func endTalk() -> LedgerEvent? {
        guard !talks.isEmpty else { return nil }
        let talk = talks.remove(at: pick(talks.count))
        // Either of the two may be the one that is told of.
        return pick(2) == 0
            ? event(talk.call, talk.a, TalkEnded(peer: talk.b)) : event(talk.call, talk.b, TalkEnded(peer: talk.a))
    }

    private mutating func endLeg(_ index: Int) -> LedgerEvent? {
        guard !calls[index].legs.isEmpty else { return nil }
        let leg = calls[index].legs.remove(at: pick(calls[index].legs.count))
        talks.removeAll { $0.a == leg || $0.b == leg }
        return event(
            calls[index].id, leg,
            LegEnded(cause: .normalClearing, by: .callee, sipStatus: nil, statistics: LegStatistics()))
    }

    private mutating func link(_ index: Int) -> LedgerEvent? {
        guard calls.count > 1 else { return nil }
        let absorbed = calls.remove(at: index)
        let survivor = pick(calls.count)
        calls[survivor].legs += absorbed.legs
        for talk in talks.indices where talks[talk].call == absorbed.id { talks[talk].call = calls[survivor].id }
        links += 1
        return event(absorbed.id, nil, CallLinked(into: calls[survivor].id, reason: .transfer))
    }

    private mutating func endCall(_ index: Int) -> LedgerEvent {
        let call = calls.remove(at: index)
        talks.removeAll { $0.call == call.id }
        return event(call.id, nil, CallEnded(cause: .normalClearing, disposition: .answered, by: .caller))
    }
}
