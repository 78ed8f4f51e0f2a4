// SPDX-License-Identifier: AGPL-3.0-or-later

/// Whether the telephone-event under way is kept from others. It is decided once for each press, when it begins, so that
/// nobody gets half a key: not when keys begin to be held while one is down, and not the repeated end packets of one that
/// was held when they no longer are.
struct KeyHold: BitwiseCopyable {
    /// What was decided for the press that is under way, or was the last.
    private(set) var holds = false
    private var timestamp: UInt32 = 0
    private var hasSeen = false

    /// A packet of an event came.
    ///
    /// - Parameters:
    ///   - goesOn: it belongs to the press that was down already, in a further segment too (RFC 4733 §2.5.1.3).
    ///   - wanted: keys that begin now are to be held.
    mutating func saw(_ timestamp: UInt32, goesOn: Bool, wanted: Bool) {
        let distance = Int32(bitPattern: timestamp &- self.timestamp)
        // A late packet of an earlier press goes the way of the one after it.
        if hasSeen, distance <= 0, distance > -80_000 { return }
        if !goesOn || !hasSeen { holds = wanted }
        self.timestamp = timestamp
        hasSeen = true
    }
}
