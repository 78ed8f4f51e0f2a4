// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Which call has become part of which, for as long as the last of them is open.
struct LinkFold: Sendable {
    /// Absorbed calls remembered at once. A conference of days would gather them without end; beyond the bound the
    /// oldest is forgotten: what a restart then does not find is a leg of it that has lived through all the others.
    static let maximumAbsorbed = 65_536

    private var survivors: [CallID: CallID] = [:]
    private var absorbed: [CallID: [CallID]] = [:]

    func isAbsorbed(_ call: CallID) -> Bool { survivors[call] != nil }
    /// The call that counts now; the call itself when it was not absorbed.
    func survivor(of call: CallID) -> CallID { survivors[call] ?? call }

    /// Remembers it, and with it all that it had absorbed itself. Gives the call that had to be forgotten for it.
    mutating func absorb(_ call: CallID, into survivor: CallID) -> CallID? {
        let moved = (absorbed.removeValue(forKey: call) ?? []) + [call]
        for one in moved { survivors[one] = survivor }
        absorbed[survivor, default: []] += moved
        return survivors.count > LinkFold.maximumAbsorbed ? forgetOldest() : nil
    }

    /// The survivor is over, and so are they.
    mutating func forgetAll(absorbedBy survivor: CallID) -> [CallID] {
        guard let calls = absorbed.removeValue(forKey: survivor) else { return [] }
        for call in calls { survivors[call] = nil }
        return calls
    }

    /// Numbers are given in order: the oldest is the least.
    private mutating func forgetOldest() -> CallID? {
        guard let call = survivors.keys.min(), let survivor = survivors.removeValue(forKey: call) else { return nil }
        absorbed[survivor]?.removeAll { $0 == call }
        return call
    }
}
