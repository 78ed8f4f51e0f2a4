// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPStack
internal import Timing

/// Who watches which lamp, and what each was told last.
///
/// A change is told at once to who has not been told anything for ``interval``; else when that is over, and then what is
/// shown then: the last state wins and is never lost (RFC 6665 §4.2.2, RFC 4235 §3.10). What has gone back to what was told
/// is not told again. A lamp that very many watch is told to ``burst`` of them at a time, so that calls go on between.
struct LampBoard: Sendable {
    /// Between two NOTIFYs of a subscription, those that answer a SUBSCRIBE apart.
    static let interval = Duration.milliseconds(100)
    /// NOTIFYs that one input may cause; the rest is due at once.
    static let burst = 100

    enum Action: Hashable, Sendable {
        case notify(SubscriptionID, Notice)
        /// What was watched is gone.
        case end(SubscriptionID)
    }

    /// What one NOTIFY says: everything, whatever was told before.
    struct Notice: Hashable, Sendable {
        /// Counts the NOTIFYs of the subscription from 0 (RFC 4235 §4.1.1).
        var version: UInt32
        var look: LampLook
        /// Dialogs that were told of and are over. A full document says so by leaving them out; lamps of some telephones
        /// stay lit until they are told by name.
        var over: [LampDialog] = []
    }

    struct Watch: Hashable, Sendable {
        /// The seat that subscribed.
        let watcher: String
        /// The address the SUBSCRIBE came from.
        let source: String
        /// What it subscribed to, `sip:number@domain`.
        let number: String
        let domain: String
        let package: LampPackage
        /// What that stands for; not empty.
        var names: [LampName]
    }

    private struct Entry: Sendable {
        var watch: Watch
        var version: UInt32 = 0
        var told: LampLook?
        var quietUntil: Instant
    }

    private var entries: [SubscriptionID: Entry] = [:]
    /// In the order they subscribed, so that a seeded world repeats.
    private var watching: [LampName: [SubscriptionID]] = [:]
    /// Of what is watched, as it is now.
    private var looks: [LampName: LampLook] = [:]
    private var waiting = TimerHeap<SubscriptionID>()
    private var tally = LampTally()

    // MARK: Asking

    var count: Int { entries.count }
    var nextDeadline: Instant? { waiting.nextDeadline }
    var names: some Sequence<LampName> { watching.keys }
    var subscriptions: [SubscriptionID] { entries.keys.sorted { $0.rawValue < $1.rawValue } }
    func isWatched(_ name: LampName) -> Bool { watching[name] != nil }
    func watch(_ id: SubscriptionID) -> Watch? { entries[id]?.watch }
    func version(_ id: SubscriptionID) -> UInt32 { entries[id]?.version ?? 0 }
    func look(_ id: SubscriptionID) -> LampLook {
        LampLook(merging: (entries[id]?.watch.names ?? []).compactMap { looks[$0] })
    }

    /// Why one more would be too many; nil: there is room.
    func refusal(watcher: String, source: String) -> LampRefusal? { tally.refusal(watcher: watcher, source: source) }

    // MARK: Inputs

    /// A subscription was accepted. `now` tells what is watched, as it is.
    mutating func begun(
        _ id: SubscriptionID, _ watch: Watch, looks current: [LampName: LampLook], now: Instant
    ) -> [Action] {
        guard entries[id] == nil else { return [] }
        var out: [Action] = []
        learn(current, of: watch.names, now: now, out: &out)
        entries[id] = Entry(watch: watch, quietUntil: now)
        tally.add(watch)
        for name in watch.names { watching[name, default: []].append(id) }
        tell(id, now: now, out: &out)
        return out
    }

    /// The subscriber wants to be told the full state, changed or not.
    mutating func refreshed(_ id: SubscriptionID, now: Instant) -> [Action] {
        var out: [Action] = []
        tell(id, now: now, out: &out)
        return out
    }

    mutating func ended(_ id: SubscriptionID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        waiting.cancel(id)
        tally.remove(entry.watch)
        forget(id, names: entry.watch.names)
    }

    mutating func changed(_ name: LampName, to look: LampLook, now: Instant) -> [Action] {
        var out: [Action] = []
        changed(name, to: look, now: now, out: &out)
        return out
    }

    /// After a reload the number stands for something else, or, with nil, for nothing.
    mutating func moved(
        _ id: SubscriptionID, to names: [LampName]?, looks current: [LampName: LampLook], now: Instant
    ) -> [Action] {
        guard let old = entries[id]?.watch.names else { return [] }
        guard let names, !names.isEmpty else { return [.end(id)] }
        guard names != old else { return [] }
        var out: [Action] = []
        forget(id, names: old)
        learn(current, of: names, now: now, out: &out)
        entries[id]?.watch.names = names
        for name in names { watching[name, default: []].append(id) }
        tellIfChanged(id, now: now, out: &out)
        return out
    }

    /// Some have waited long enough.
    mutating func due(_ now: Instant) -> [Action] {
        var out: [Action] = []
        while out.count < Self.burst, let id = waiting.popDue(now) { tellIfChanged(id, now: now, out: &out) }
        return out
    }

    /// What others watch already may have changed without a word.
    private mutating func learn(
        _ current: [LampName: LampLook], of names: [LampName], now: Instant, out: inout [Action]
    ) {
        for name in names {
            guard let look = current[name] else { continue }
            changed(name, to: look, now: now, out: &out)
            looks[name] = look
        }
    }

    // MARK: Telling

    private mutating func changed(_ name: LampName, to look: LampLook, now: Instant, out: inout [Action]) {
        guard let watchers = watching[name], looks[name] != look else { return }
        looks[name] = look
        for id in watchers where waiting.deadline(of: id) == nil {
            let quietUntil = entries[id]?.quietUntil ?? now
            if quietUntil <= now, out.count < Self.burst {
                tellIfChanged(id, now: now, out: &out)
            } else {
                waiting.set(id, at: max(quietUntil, now))
            }
        }
    }

    private mutating func tellIfChanged(_ id: SubscriptionID, now: Instant, out: inout [Action]) {
        guard let entry = entries[id], entry.told?.isSame(as: look(id), in: entry.watch.package) != true else { return }
        tell(id, now: now, out: &out)
    }

    private mutating func tell(_ id: SubscriptionID, now: Instant, out: inout [Action]) {
        guard var entry = entries[id] else { return }
        let look = look(id)
        let there = Set(look.dialogs.map(\.id))
        let over = (entry.told?.dialogs ?? []).filter { !there.contains($0.id) }.map { dialog in
            var dialog = dialog
            dialog.state = .terminated
            return dialog
        }
        out.append(.notify(id, Notice(version: entry.version, look: look, over: over)))
        entry.version &+= 1
        entry.told = look
        entry.quietUntil = now.advanced(by: Self.interval)
        entries[id] = entry
        waiting.cancel(id)
    }

    private mutating func forget(_ id: SubscriptionID, names: [LampName]) {
        for name in names {
            watching[name]?.removeAll { $0 == id }
            guard watching[name]?.isEmpty == true else { continue }
            watching[name] = nil
            looks[name] = nil
        }
    }
}
