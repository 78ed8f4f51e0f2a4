// SPDX-License-Identifier: AGPL-3.0-or-later
public import Dialplan
internal import Synchronization

/// `${GLOBAL(x)}`: variables all calls of the switch share.
///
/// A lock rather than an actor: a variable is read in the middle of a dialplan's line, held for a
/// dictionary access, and never touched by media.
public final class GlobalVariables: Sendable {
    /// Names beyond this many are not taken.
    public static let maximumCount = 10_000

    private let values = Mutex<[String: String]>([:])

    public init(_ dialplan: Dialplan? = nil) {
        if let dialplan { load(dialplan) }
    }

    /// Takes over [globals] of a dialplan, at start and at each reload. What calls have set under
    /// other names stays, as with Asterisk's `clearglobalvars=no`.
    public func load(_ dialplan: Dialplan) {
        values.withLock { $0.merge(dialplan.globalValues) { $1 } }
    }

    public subscript(name: String) -> String? {
        get { values.withLock { $0[name] } }
        set {
            values.withLock {
                if newValue != nil, $0[name] == nil, $0.count >= Self.maximumCount { return }
                $0[name] = newValue
            }
        }
    }
}
