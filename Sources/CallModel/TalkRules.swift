// SPDX-License-Identifier: AGPL-3.0-or-later

/// What holds for two legs that talk.
public struct TalkRules: Hashable, Sendable {
    /// The talk is ended after this time.
    public var limit: Duration?
    /// Of the side that called, or was there first.
    public var caller: SideRules
    public var called: SideRules

    public init(limit: Duration? = nil, caller: SideRules = SideRules(), called: SideRules = SideRules()) {
        self.limit = limit
        self.caller = caller
        self.called = called
    }
}

/// What holds for one side of a talk.
public struct SideRules: Hashable, Sendable {
    /// What follows for this side when the talk is over.
    public var after: AfterTalk
    /// Codes this side may press. While there are any, its keys are kept from the other side until it is clear that they
    /// are none of these.
    public var codes: [TalkCode]

    public init(after: AfterTalk = .hangUp, codes: [TalkCode] = []) {
        self.after = after
        self.codes = codes
    }
}

public enum AfterTalk: Hashable, Sendable {
    case hangUp
    /// Its script goes on; without one it is hung up.
    case goOn
}

/// Keys that mean something during a talk.
public struct TalkCode: Hashable, Sendable {
    /// 1…8 of `0-9*#A-D`.
    public var digits: String
    /// What is run: the name of the feature.
    public var feature: String

    public init(digits: String, feature: String) {
        self.digits = digits
        self.feature = feature
    }
}
