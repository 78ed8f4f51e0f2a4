// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Timing

/// One leg that is over. Times are dates, durations are the monotonic clock's.
public struct LegRecord: Hashable, Sendable {
    /// In records of earlier versions 1, 2, 3 … within the call.
    public var leg: LegID
    /// The call it began in.
    public var call: CallID
    public var party: Party
    /// The party called us.
    public var isIncoming: Bool
    public var sipCallID: String
    public var address: String
    public var started: WallTime
    public var ringing: WallTime?
    public var answered: WallTime?
    public var ended: WallTime
    public var duration: Duration
    /// From the answer to the end.
    public var answeredDuration: Duration
    /// How long the far side held us in all.
    public var held: Duration
    public var cause: HangupCause
    public var endedBy: EndedBy
    public var sipStatus: Int?
    public var codec: String?
    /// How long the leg talked in all; time with several others at once counts once.
    public var talk: Duration
    public var statistics: LegStatistics
}

/// Two legs that heard each other, from one moment to another. Every figure of talking is a sum of these.
///
/// A talk that goes on while its call is linked into another is two: until the link it counts for the one call, from there
/// for the other.
public struct TalkRecord: Hashable, Sendable {
    public var call: CallID
    public var leg: LegID
    public var peer: LegID
    public var started: WallTime
    public var duration: Duration
}

/// A call that became part of another.
public struct LinkRecord: Hashable, Sendable {
    /// The one that was over with it.
    public var call: CallID
    public var into: CallID
    public var reason: LinkReason
    public var time: WallTime
}
