// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Timing

/// A call as `martlet calls` shows it.
public struct CallSnapshot: Sendable {
    public var id: CallID
    public var from: Party
    public var caller: CallerIdentity
    public var dialled: String
    public var startedAt: WallTime
    public var isAnswered: Bool
    /// The dialplan step it is at.
    public var step: DialplanStep?
    public var legs: [LegSnapshot]
}

public struct LegSnapshot: Sendable {
    public var id: LegID
    public var party: Party
    /// `trying`, `ringing`, `answered`, `held`, `ended`.
    public var state: String
    public var codec: String?
    public var startedAt: WallTime
    public var answeredAt: WallTime?
}
