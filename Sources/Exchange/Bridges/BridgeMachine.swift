// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// Two legs in conversation under rules, as a value. It knows no SIP and no rooms.
struct BridgeMachine: Sendable {
    enum Side: Hashable, Sendable, CaseIterable {
        /// The side that called, or was there first.
        case a
        case b
        var other: Side { self == .a ? .b : .a }
    }

    enum Timer: Hashable, Sendable {
        /// The talk has lasted long enough.
        case limit
        /// No further key of a code came.
        case keys(Side)
        /// This side has held for long.
        case reminder(Side)
    }

    /// How a side holds.
    enum HoldMeans: Hashable, Sendable {
        /// Its telephone says so (`sendonly`, `inactive`).
        case phone
        /// A command asked for it.
        case command
    }

    /// What is done for a side that holds.
    struct HoldHabit: Hashable, Sendable {
        /// It is reminded whenever it has held for so long; nil: never.
        var reminder: Duration?
        /// It is rung again when it hangs up and so leaves somebody in the music.
        var recalls = false
    }

    enum State: Hashable, Sendable {
        case waiting
        case talking
        /// One side does something else for a while (dials a code, consults); the other one hears music.
        case suspended(by: Side)
        case over
    }

    enum Input: Hashable, Sendable {
        case begin
        /// The leg of this side is gone.
        case ended(Side, HangupCause, by: EndedBy)
        /// The leg of this side leaves for good; what follows for the other one is its rule.
        case left(Side)
        /// Both legs are taken by somebody who decides about them.
        case dissolve
        case suspend(by: Side)
        case resume
        /// This side holds the talk, or has come back.
        case held(Side, Bool, HoldMeans)
        /// A key of this side; `isRelayed`: the other side has heard it already.
        case key(Side, KeyPress, isRelayed: Bool)
        case due(Timer)
    }

    enum Action: Hashable, Sendable {
        case timer(Timer, after: Duration)
        case cancel(Timer)
        /// The two hear each other from now on, or no more.
        case join, part
        /// Keys of this side are kept from the other, or no more.
        case holdKeys(Side, Bool)
        case sendKeys([KeyPress], to: Side)
        /// This side has pressed a code.
        case code(Side, TalkCode)
        /// The side hears music alone, or no more.
        case music(Side, Bool)
        /// The side holds for long and is to be reminded.
        case remind(Side)
        /// The other side has hung up while it held this one, which waits for it to come back.
        case recall(Side)
        /// The side's part is over.
        case release(Side, AfterTalk, HangupCause, by: EndedBy)
        case over
    }

    /// Between two keys of a code.
    static let keyTimeout = Duration.seconds(2)

    let rules: TalkRules
    private(set) var state = State.waiting
    /// Sides that hold the talk, and by what.
    private var holding: [Side: Set<HoldMeans>] = [:]
    private let habits: [Side: HoldHabit]
    private var matchers: [Side: CodeMatcher]
    /// How long the keys were down that the matchers hold back, in their order.
    private var heldKeys: [Side: [KeyPress]] = [:]

    init(rules: TalkRules, habits: [Side: HoldHabit] = [:]) {
        self.rules = rules
        self.habits = habits
        matchers = [:]
        if !rules.caller.codes.isEmpty { matchers[.a] = CodeMatcher(codes: rules.caller.codes) }
        if !rules.called.codes.isEmpty { matchers[.b] = CodeMatcher(codes: rules.called.codes) }
    }

    func rule(of side: Side) -> SideRules { side == .a ? rules.caller : rules.called }

    var isOver: Bool { state == .over }
    func holds(_ side: Side) -> Bool { holding[side]?.isEmpty == false }
    private var holders: [Side] { Side.allCases.filter(holds) }

    mutating func handle(_ input: Input) -> [Action] {
        switch (state, input) {
        case (.waiting, .begin):
            state = .talking
            return (rules.limit.map { [.timer(.limit, after: $0)] } ?? []) + [.join] + keyHolding(true)

        case (.talking, .ended(let side, _, _))
        where holds(side) && !holds(side.other) && habits[side]?.recalls == true:
            return end(keepingMusic: true) + [.recall(side.other)]
        case (.talking, .ended(let side, let cause, let by)):
            return end() + [.release(side.other, rule(of: side.other).after, cause, by: by)]
        case (.suspended(let busy), .ended(let side, let cause, let by)):
            // Who does something else goes on with it, and finds the talk over afterwards.
            if side != busy { return end() }
            return end() + [.release(side.other, rule(of: side.other).after, cause, by: by)]

        // Whoever is busy with something else finds the talk over afterwards.
        case (.suspended(let busy), .left(let side)) where side != busy: return end()
        case (.talking, .left(let side)), (.suspended(_), .left(let side)):
            return end() + [.release(side.other, rule(of: side.other).after, .normalClearing, by: .system)]
        case (.talking, .dissolve), (.suspended(_), .dissolve):
            return end()

        case (.talking, .suspend(let side)):
            state = .suspended(by: side)
            let others = holders.filter { $0 != side }.map { Action.music($0.other, false) }
            return others + cancelKeys() + cancelReminders() + keyHolding(false) + [.part, .music(side.other, true)]
        case (.suspended(let side), .resume):
            state = .talking
            if holders.isEmpty { return [.music(side.other, false), .join] + keyHolding(true) }
            let quiet: [Action] = holds(side) ? [] : [.music(side.other, false)]
            return quiet + keyHolding(true) + holders.flatMap { [.music($0.other, true)] + startReminder($0) }

        case (.talking, .held(let side, let on, let means)):
            guard note(side, on, means) else { return [] }
            if on { return [.part, .music(side.other, true)] + startReminder(side) }
            return cancelReminder(side) + [.music(side.other, false)] + joinIfNobodyHolds()
        case (.suspended(_), .held(let side, let on, let means)):
            _ = note(side, on, means)
            return []
        case (.talking, .due(.reminder(let side))):
            return holds(side) ? [.remind(side)] + startReminder(side) : []

        case (.talking, .key(let side, let key, let isRelayed)): return pressed(key, side, isRelayed: isRelayed)
        case (.talking, .due(.keys(let side))): return matched(side) { $0.timedOut() }
        case (.talking, .due(.limit)), (.suspended(_), .due(.limit)):
            // The side that was called is hung up; for the one that called its rule says what follows.
            return end() + [
                .release(.b, .hangUp, .recoveryOnTimerExpire, by: .system),
                .release(.a, rules.caller.after, .recoveryOnTimerExpire, by: .system),
            ]
        case (.waiting, _), (.talking, _), (.suspended(_), _), (.over, _): return []
        }
    }

    private mutating func end(keepingMusic: Bool = false) -> [Action] {
        var music: [Action] = []
        if case .suspended(let side) = state {
            music = [.music(side.other, false)]
        } else if !keepingMusic {
            music = holders.map { .music($0.other, false) }
        }
        let keys = state == .talking ? keyHolding(false) : []
        state = .over
        return [.cancel(.limit)] + cancelKeys() + cancelReminders() + keys + music + [.over]
    }

    /// Whether the side holds now and did not, or the other way round.
    private mutating func note(_ side: Side, _ on: Bool, _ means: HoldMeans) -> Bool {
        let before = holds(side)
        if on { holding[side, default: []].insert(means) } else { holding[side]?.remove(means) }
        return holds(side) != before
    }

    private func joinIfNobodyHolds() -> [Action] { holders.isEmpty ? [.join] : [] }

    private func startReminder(_ side: Side) -> [Action] {
        habits[side]?.reminder.map { [.timer(.reminder(side), after: $0)] } ?? []
    }

    private func cancelReminder(_ side: Side) -> [Action] {
        habits[side]?.reminder == nil ? [] : [.cancel(.reminder(side))]
    }

    private func cancelReminders() -> [Action] { Side.allCases.flatMap(cancelReminder) }

    // MARK: Keys

    private func keyHolding(_ on: Bool) -> [Action] {
        Side.allCases.filter { matchers[$0] != nil }.map { .holdKeys($0, on) }
    }

    private func cancelKeys() -> [Action] {
        Side.allCases.filter { matchers[$0] != nil }.map { .cancel(.keys($0)) }
    }

    private mutating func pressed(_ press: KeyPress, _ side: Side, isRelayed: Bool) -> [Action] {
        // One that went down before keys were held is nobody's code: the other side has it.
        if isRelayed { return [] }
        guard matchers[side] != nil else { return pass([press], from: side) }
        heldKeys[side, default: []].append(press)
        return matched(side) { $0.press(press.key) }
    }

    /// Who hears music gets no keys.
    private func pass(_ keys: [KeyPress], from side: Side) -> [Action] {
        holders.isEmpty && !keys.isEmpty ? [.sendKeys(keys, to: side.other)] : []
    }

    private mutating func takeKeys(_ count: Int, of side: Side) -> [KeyPress] {
        let keys = Array((heldKeys[side] ?? []).prefix(count))
        heldKeys[side]?.removeFirst(keys.count)
        return keys
    }

    private mutating func matched(_ side: Side, _ body: (inout CodeMatcher) -> [CodeMatcher.Outcome]) -> [Action] {
        guard var matcher = matchers[side] else { return [] }
        let outcomes = body(&matcher)
        matchers[side] = matcher
        var actions: [Action] = [.cancel(.keys(side))]
        for outcome in outcomes {
            switch outcome {
            case .waits: actions.append(.timer(.keys(side), after: Self.keyTimeout))
            case .code(let code):
                heldKeys[side] = nil
                actions.append(.code(side, code))
            case .pass(let keys): actions += pass(takeKeys(keys.count, of: side), from: side)
            }
        }
        return actions
    }
}
