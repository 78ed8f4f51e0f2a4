// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why a leg or call ended: the Q.850 cause values that telephone people know, as Asterisk numbers
/// them in HANGUPCAUSE.
public enum HangupCause: Int, Hashable, Sendable, CaseIterable {
    case unallocatedNumber = 1
    case normalClearing = 16
    case userBusy = 17
    /// Nothing was heard of the called phone at all.
    case noUserResponding = 18
    /// The phone rang and nobody answered.
    case noAnswer = 19
    /// No phone is registered for the seat.
    case subscriberAbsent = 20
    case callRejected = 21
    case destinationOutOfOrder = 27
    case invalidNumberFormat = 28
    case normalUnspecified = 31
    /// No free line.
    case noCircuit = 34
    case networkOutOfOrder = 38
    case temporaryFailure = 41
    case switchCongestion = 42
    case bearerNotAvailable = 58
    case incompatibleDestination = 88
    case recoveryOnTimerExpire = 102
    case interworking = 127

    /// The cause a final SIP response stands for (RFC 3398 §8.2.6.1).
    public init(sipStatus: Int) {
        switch sipStatus {
        case 200...299: self = .normalClearing
        case 401, 402, 403, 407, 603: self = .callRejected
        case 404: self = .unallocatedNumber
        case 405, 406, 415, 488, 606: self = .incompatibleDestination
        case 408: self = .noUserResponding
        case 410: self = .unallocatedNumber
        case 480: self = .noAnswer
        case 484: self = .invalidNumberFormat
        case 486, 600: self = .userBusy
        case 487: self = .normalClearing
        case 500: self = .temporaryFailure
        case 502: self = .networkOutOfOrder
        case 503: self = .switchCongestion
        case 504: self = .recoveryOnTimerExpire
        case 604: self = .unallocatedNumber
        case 400..<500: self = .interworking
        default: self = .normalUnspecified
        }
    }

    /// The final response that tells a caller of this cause (RFC 3398 §7.2.4.1).
    public var sipStatus: Int {
        switch self {
        case .unallocatedNumber: 404
        case .userBusy: 486
        case .noUserResponding: 408
        case .noAnswer, .subscriberAbsent, .normalClearing, .normalUnspecified: 480
        case .callRejected: 403
        case .destinationOutOfOrder: 502
        case .invalidNumberFormat: 484
        case .noCircuit, .networkOutOfOrder, .temporaryFailure, .switchCongestion: 503
        case .bearerNotAvailable, .incompatibleDestination: 488
        case .recoveryOnTimerExpire: 504
        case .interworking: 500
        }
    }

    /// The text of a `Reason: Q.850;cause=…` header (RFC 3326).
    public var text: String {
        switch self {
        case .unallocatedNumber: "Unallocated number"
        case .normalClearing: "Normal call clearing"
        case .userBusy: "User busy"
        case .noUserResponding: "No user responding"
        case .noAnswer: "No answer"
        case .subscriberAbsent: "Subscriber absent"
        case .callRejected: "Call rejected"
        case .destinationOutOfOrder: "Destination out of order"
        case .invalidNumberFormat: "Invalid number format"
        case .normalUnspecified: "Normal, unspecified"
        case .noCircuit: "No circuit available"
        case .networkOutOfOrder: "Network out of order"
        case .temporaryFailure: "Temporary failure"
        case .switchCongestion: "Switching equipment congestion"
        case .bearerNotAvailable: "Bearer capability not available"
        case .incompatibleDestination: "Incompatible destination"
        case .recoveryOnTimerExpire: "Recovery on timer expiry"
        case .interworking: "Interworking, unspecified"
        }
    }
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
