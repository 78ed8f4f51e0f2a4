// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why a leg or call ended: a Q.850 cause value, as Asterisk numbers them in HANGUPCAUSE.
///
/// A number with names and not a closed list: carriers send causes that no list has, and what a ledger of years says
/// must come back as it was.
public struct HangupCause: RawRepresentable, Hashable, Sendable {
    public var rawValue: Int
    @inlinable public init(rawValue: Int) { self.rawValue = rawValue }

    /// A cause from outside (a `Reason` header, a dialplan's argument): nil when it is none of the 127 that Q.850
    /// has room for.
    public init?(q850 value: Int) {
        guard (1...127).contains(value) else { return nil }
        rawValue = value
    }

    public static let unallocatedNumber = HangupCause(rawValue: 1)
    public static let noRouteToNetwork = HangupCause(rawValue: 2)
    public static let noRouteToDestination = HangupCause(rawValue: 3)
    public static let channelUnacceptable = HangupCause(rawValue: 6)
    public static let normalClearing = HangupCause(rawValue: 16)
    public static let userBusy = HangupCause(rawValue: 17)
    /// Nothing was heard of the called phone at all.
    public static let noUserResponding = HangupCause(rawValue: 18)
    /// The phone rang and nobody answered.
    public static let noAnswer = HangupCause(rawValue: 19)
    /// No phone is registered for the seat.
    public static let subscriberAbsent = HangupCause(rawValue: 20)
    public static let callRejected = HangupCause(rawValue: 21)
    public static let numberChanged = HangupCause(rawValue: 22)
    /// Somebody else took the call: "answered elsewhere".
    public static let nonSelectedUserClearing = HangupCause(rawValue: 26)
    public static let destinationOutOfOrder = HangupCause(rawValue: 27)
    public static let invalidNumberFormat = HangupCause(rawValue: 28)
    public static let facilityRejected = HangupCause(rawValue: 29)
    public static let responseToStatusEnquiry = HangupCause(rawValue: 30)
    public static let normalUnspecified = HangupCause(rawValue: 31)
    /// No free line.
    public static let noCircuit = HangupCause(rawValue: 34)
    public static let networkOutOfOrder = HangupCause(rawValue: 38)
    public static let temporaryFailure = HangupCause(rawValue: 41)
    public static let switchCongestion = HangupCause(rawValue: 42)
    public static let accessInformationDiscarded = HangupCause(rawValue: 43)
    public static let requestedChannelUnavailable = HangupCause(rawValue: 44)
    public static let resourceUnavailable = HangupCause(rawValue: 47)
    public static let facilityNotSubscribed = HangupCause(rawValue: 50)
    public static let incomingCallsBarred = HangupCause(rawValue: 55)
    public static let bearerNotAuthorized = HangupCause(rawValue: 57)
    public static let bearerNotAvailable = HangupCause(rawValue: 58)
    public static let serviceNotAvailable = HangupCause(rawValue: 63)
    public static let bearerNotImplemented = HangupCause(rawValue: 65)
    public static let channelTypeNotImplemented = HangupCause(rawValue: 66)
    public static let facilityNotImplemented = HangupCause(rawValue: 69)
    public static let serviceNotImplemented = HangupCause(rawValue: 79)
    public static let invalidCallReference = HangupCause(rawValue: 81)
    public static let incompatibleDestination = HangupCause(rawValue: 88)
    public static let invalidMessage = HangupCause(rawValue: 95)
    public static let mandatoryElementMissing = HangupCause(rawValue: 96)
    public static let messageTypeNonexistent = HangupCause(rawValue: 97)
    public static let messageIncompatibleWithState = HangupCause(rawValue: 98)
    public static let elementNonexistent = HangupCause(rawValue: 99)
    public static let invalidElementContents = HangupCause(rawValue: 100)
    public static let wrongCallState = HangupCause(rawValue: 101)
    public static let recoveryOnTimerExpire = HangupCause(rawValue: 102)
    public static let protocolError = HangupCause(rawValue: 111)
    public static let interworking = HangupCause(rawValue: 127)

    /// The cause a final SIP response stands for (RFC 3398 §8.2.6.1).
    public init(sipStatus: Int) {
        switch sipStatus {
        case 200...299: self = .normalClearing
        case 401, 402, 403, 407, 603: self = .callRejected
        case 404: self = .unallocatedNumber
        case 405, 406, 415, 488, 606: self = .incompatibleDestination
        case 408: self = .noUserResponding
        case 410: self = .numberChanged
        case 480: self = .noAnswer
        case 484: self = .invalidNumberFormat
        case 486, 600: self = .userBusy
        case 487: self = .normalClearing
        case 500: self = .temporaryFailure
        case 501: self = .serviceNotImplemented
        case 502: self = .networkOutOfOrder
        case 503: self = .switchCongestion
        case 504: self = .recoveryOnTimerExpire
        case 604: self = .unallocatedNumber
        case 400..<500: self = .interworking
        default: self = .normalUnspecified
        }
    }

    /// The final response that tells a caller of this cause (RFC 3398 §7.2.4.1), 500 for what has no row there.
    /// Departures: 58 and 88 are 488, because here they mean that no codec was agreed.
    public var sipStatus: Int { Self.named[rawValue]?.sipStatus ?? 500 }

    /// The text of a `Reason: Q.850;cause=…` header (RFC 3326).
    public var text: String { Self.named[rawValue]?.text ?? "Cause \(rawValue)" }

    private static let named: [Int: (sipStatus: Int, text: String)] = [
        1: (404, "Unallocated number"),
        2: (404, "No route to transit network"),
        3: (404, "No route to destination"),
        6: (500, "Channel unacceptable"),
        16: (480, "Normal call clearing"),
        17: (486, "User busy"),
        18: (408, "No user responding"),
        19: (480, "No answer"),
        20: (480, "Subscriber absent"),
        21: (403, "Call rejected"),
        22: (410, "Number changed"),
        26: (404, "Non-selected user clearing"),
        27: (502, "Destination out of order"),
        28: (484, "Invalid number format"),
        29: (501, "Facility rejected"),
        30: (500, "Response to status enquiry"),
        31: (480, "Normal, unspecified"),
        34: (503, "No circuit available"),
        38: (503, "Network out of order"),
        41: (503, "Temporary failure"),
        42: (503, "Switching equipment congestion"),
        43: (500, "Access information discarded"),
        44: (503, "Requested channel not available"),
        47: (503, "Resource unavailable, unspecified"),
        50: (403, "Requested facility not subscribed"),
        55: (403, "Incoming calls barred within closed user group"),
        57: (403, "Bearer capability not authorized"),
        58: (488, "Bearer capability not available"),
        63: (503, "Service or option not available"),
        65: (488, "Bearer capability not implemented"),
        66: (488, "Channel type not implemented"),
        69: (501, "Requested facility not implemented"),
        79: (501, "Service or option not implemented"),
        81: (500, "Invalid call reference value"),
        88: (488, "Incompatible destination"),
        95: (500, "Invalid message, unspecified"),
        96: (500, "Mandatory information element missing"),
        97: (500, "Message type non-existent"),
        98: (500, "Message not compatible with call state"),
        99: (500, "Information element non-existent"),
        100: (500, "Invalid information element contents"),
        101: (500, "Message in wrong call state"),
        102: (504, "Recovery on timer expiry"),
        111: (500, "Protocol error, unspecified"),
        127: (500, "Interworking, unspecified"),
    ]
}

/// How a call went, as CDRs say it.
public enum Disposition: String, Hashable, Sendable, CaseIterable {
    case answered = "ANSWERED"
    case noAnswer = "NO ANSWER"
    case busy = "BUSY"
    case failed = "FAILED"
    /// The caller hung up before an answer.
    case cancelled = "CANCELLED"
}
