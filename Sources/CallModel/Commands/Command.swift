// SPDX-License-Identifier: AGPL-3.0-or-later
public import Configuration

/// Something asked of the exchange: a value, whatever door it comes by (dialplan, feature code, control socket). All are
/// performed in one place, with rights, a ledger fact and a typed result.
public enum Command: Sendable {
    /// Rings somebody, and sends whoever answers to a destination.
    case originate(Origination)
    /// Joins two answered legs, taking each out of whatever it is in.
    case bridge(LegID, LegID)
    /// Takes a leg out of whatever it is in and sends it to a destination.
    case take(LegID, to: Destination)
    /// The other side of this leg's talk is sent to a destination; when it fails it comes back.
    case transfer(by: LegID, to: Destination)
    /// Two talks of one party become one of the other two.
    case complete(LegID, LegID)
    /// Two talks of one party become one of three: those of two of its legs, or, a leg given twice, the one it is in and
    /// the one that waits for it.
    case conference(LegID, LegID)
    /// The other side of this leg's talk hears music, or no more.
    case hold(LegID, Bool)
    /// A leg takes a call that rings for another one.
    case pickUp(by: LegID, of: LegID)
    /// Keys are pressed towards the leg's party.
    case sendDigits(LegID, String)
    /// Nobody hears the leg's party, or everybody again.
    case mute(LegID, Bool)
    case hangUp(LegID, HangupCause)
    case end(CallID)

    public var name: String {
        switch self {
        case .originate: "originate"
        case .bridge: "bridge"
        case .take: "take"
        case .transfer: "transfer"
        case .complete: "complete"
        case .conference: "conference"
        case .hold: "hold"
        case .pickUp: "pickup"
        case .sendDigits: "digits"
        case .mute: "mute"
        case .hangUp: "hangup"
        case .end: "end"
        }
    }
}

/// A call that the switch makes.
public struct Origination: Sendable {
    public var offer: OfferRequest
    /// Where whoever answers goes.
    public var then: Destination
    /// In whose context `then` is looked up; nil: the answering party's own.
    public var context: String?
    public var variables: [String: String]

    public init(
        offer: OfferRequest, then: Destination, context: String? = nil, variables: [String: String] = [:]
    ) {
        self.offer = offer
        self.then = then
        self.context = context
        self.variables = variables
    }
}

public enum CommandResult: Hashable, Sendable {
    case done
    /// The call that was begun.
    case call(CallID)
}

/// Why a command was not carried out.
public enum CommandRefusal: Error, Hashable, Sendable {
    case noSuchLeg(LegID)
    case noSuchCall(CallID)
    /// The leg is in no talk.
    case noTalk(LegID)
    case notAnswered(LegID)
    /// Nothing rings there.
    case notRinging(LegID)
    case notAllowed(String)
    /// Nothing of this site serves it.
    case unknownDestination(String)
    case sameParty
    /// A limit of the site or of the machine is reached.
    case exhausted(String)

    public var wording: Wording {
        switch self {
        case .noSuchLeg(let leg): Wording(en: "there is no leg \(leg)", zh: "没有通话方 \(leg)")
        case .noSuchCall(let call): Wording(en: "there is no call \(call)", zh: "没有呼叫 \(call)")
        case .noTalk(let leg): Wording(en: "leg \(leg) is in no talk", zh: "通话方 \(leg) 不在通话中")
        case .notAnswered(let leg): Wording(en: "leg \(leg) is not answered", zh: "通话方 \(leg) 未应答")
        case .notRinging(let leg): Wording(en: "leg \(leg) does not ring", zh: "通话方 \(leg) 没有振铃")
        case .notAllowed(let what): Wording(en: "\(what) is not allowed", zh: "不允许：\(what)")
        case .unknownDestination(let text):
            Wording(en: "nothing here serves the destination \(text)", zh: "本站点无法处理目的地 \(text)")
        case .sameParty: Wording(en: "a leg cannot be joined with itself", zh: "不能与自己接通")
        case .exhausted(let what): Wording(en: "no more \(what)", zh: "\(what) 已达上限")
        }
    }
}
