// SPDX-License-Identifier: AGPL-3.0-or-later

/// One call end that this program plays.
struct ScriptedCall {
    enum State {
        /// INVITE sent.
        case calling
        /// 200 sent, ACK awaited.
        case answering
        case talking
        /// BYE sent.
        case ending
    }

    var state: State
    let callID: String
    /// Of the speech it sends; nil when the calls carry none.
    let stream: Int?
    /// From and To of requests sent from here.
    var from: String
    var to: String
    /// The far side's Contact.
    var target: String
    var sequence = 1
    /// What is repeated until it is answered (RFC 3261 §17.1.1.2, §13.3.1.4).
    var pending: String
    var repeatAt: Int64
    var repeatAfter: Int64
    let began: Int64
    /// The INVITE's branch, which its ACK to a refusal repeats.
    var branch = ""
    /// When to hang up; nil: when told.
    var endAt: Int64?

    static let t1: Int64 = 500_000_000
    /// 64 × T1.
    static let giveUpAfter: Int64 = 32_000_000_000
}

/// What became of the calls.
struct CallTally {
    var attempted = 0
    var answered = 0
    var completed = 0
    /// By status; 408 is no answer at all.
    var refused: [Int: Int] = [:]
    /// The switch hung up before the script did.
    var endedEarly = 0
    /// BYE never answered.
    var unfinished = 0
    var repeatedRequests = 0
    /// INVITE to 200.
    var setUp = DelayHistogram()

    var failed: Int { refused.values.reduce(0, +) + endedEarly + unfinished }
}
