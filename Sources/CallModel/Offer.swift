// SPDX-License-Identifier: AGPL-3.0-or-later

/// Ringing somebody for some purpose: Dial, ring group, follow-me, originate, callback, recall are this one thing.
///
/// It has an owner, not a caller: a script that dials, a command, a transfer. Its result is a leg, or why there is none.
public struct OfferRequest: Sendable {
    /// At most 32; what is beyond is left out.
    public var branches: [OfferBranch]
    /// How long the whole may ring, from the first INVITE; nil: as long as the site's limit says.
    public var limit: Duration?
    /// What whoever answers has to do before it counts.
    public var acceptance: Acceptance
    /// Who is shown as calling; nil: the owner's own number and name.
    public var shown: CallerIdentity?

    public static let mostBranches = 32

    public init(
        branches: [OfferBranch], limit: Duration? = nil, acceptance: Acceptance = .atOnce,
        shown: CallerIdentity? = nil
    ) {
        self.branches = Array(branches.prefix(Self.mostBranches))
        self.limit = limit
        self.acceptance = acceptance
        self.shown = shown
    }
}

/// One of those that ring.
public struct OfferBranch: Hashable, Sendable {
    public var target: DialTarget
    /// From the beginning of the offer.
    public var startsAfter: Duration
    /// From its own start; nil: as long as the offer lasts.
    public var ringsFor: Duration?

    public init(_ target: DialTarget, startsAfter: Duration = .zero, ringsFor: Duration? = nil) {
        self.target = target
        self.startsAfter = startsAfter
        self.ringsFor = ringsFor
    }
}

/// When an answer counts.
public enum Acceptance: Sendable {
    case atOnce
    /// The script runs on the leg that has answered, alone with it: an announcement, "press 1". Others ring on meanwhile,
    /// and the first to be accepted wins. A script that throws has declined.
    case script(@Sendable (any CallControl) async throws -> AcceptanceVerdict)
}

public enum AcceptanceVerdict: Hashable, Sendable {
    case accepted
    /// The leg is hung up; the offer goes on with the others.
    case declined(HangupCause)
}
