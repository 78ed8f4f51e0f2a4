// SPDX-License-Identifier: AGPL-3.0-or-later

/// Thrown by every waiting operation of a script once its leg is gone.
public struct LegGone: Error, Hashable, Sendable {
    public var cause: HangupCause
    public init(cause: HangupCause) { self.cause = cause }
}

/// Thrown by the waiting operation under way when the call's `deadline` comes, and by every later one until the
/// deadline is moved.
public struct DeadlinePassed: Error, Hashable, Sendable {
    public init() {}
}

/// Thrown by `startRecording`: there is no recording, and the call goes on.
public struct RecordingRefused: Error, Hashable, Sendable {
    /// In words, for the ledger.
    public var reason: String
    public init(reason: String) { self.reason = reason }
}

/// One phone, line or number to ring.
public enum DialTarget: Hashable, Sendable, CustomStringConvertible {
    /// All phones registered for the seat.
    case seat(String)
    case trunk(name: String, number: String)

    public var description: String {
        switch self {
        case .seat(let number): "Seat/\(number)"
        case .trunk(let name, let number): "Trunk/\(name)/\(number)"
        }
    }
}

public struct DialRequest: Sendable {
    /// Rung together; the first to answer wins and the others are cancelled. At most 32.
    public var targets: [DialTarget]
    /// How long to ring, from the first INVITE; nil: as long as the site's limit says.
    public var timeout: Duration?
    /// The caller is told of ringing and hears ring-back at once, whatever the called side sends (Dial's option r).
    public var forcesRingback: Bool
    /// Go on in the dialplan after the called party hangs up (Dial's option g).
    public var continuesAfterHangup: Bool
    /// Ends the bridged call after this time (Dial's option S).
    public var answeredLimit: Duration?
    /// What whoever answers has to do before the two are joined (Dial's options A, M, U).
    public var acceptance: Acceptance = .atOnce
    /// Features that each side may use during the talk by their codes, besides those the site gives its seats
    /// (Dial's options T, t, K, k, H, h).
    public var callerFeatures: Set<String> = []
    public var calledFeatures: Set<String> = []

    public init(
        targets: [DialTarget], timeout: Duration?, forcesRingback: Bool = false,
        continuesAfterHangup: Bool = false, answeredLimit: Duration? = nil
    ) {
        self.targets = targets
        self.timeout = timeout
        self.forcesRingback = forcesRingback
        self.continuesAfterHangup = continuesAfterHangup
        self.answeredLimit = answeredLimit
    }
}

/// DIALSTATUS as Asterisk's admins know it.
public enum DialStatus: String, Hashable, Sendable {
    case answer = "ANSWER"
    case busy = "BUSY"
    case noAnswer = "NOANSWER"
    case cancel = "CANCEL"
    case congestion = "CONGESTION"
    case unavailable = "CHANUNAVAIL"
}

/// What `dial` returns: after a talk has ended, or when nobody answered.
public struct DialResult: Hashable, Sendable {
    public var status: DialStatus
    public var cause: HangupCause
    /// From the INVITE to the answer or the end.
    public var dialled: Duration
    /// From answer to the end of the talk, zero when there was none.
    public var answered: Duration

    public init(status: DialStatus, cause: HangupCause, dialled: Duration, answered: Duration) {
        self.status = status
        self.cause = cause
        self.dialled = dialled
        self.answered = answered
    }
}

public enum PlayResult: Hashable, Sendable {
    case finished
    /// Ended by a key of `interruptedBy`; the key has been taken from the buffer.
    case interrupted(Character)
    /// No such sound in the call's language or in English.
    case missing
}

/// One step of a dialplan as traces show it.
public struct DialplanStep: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var context: String
    public var exten: String
    public var priority: Int
    public var application: String
    public var arguments: String

    public init(
        file: String, line: Int, context: String, exten: String, priority: Int,
        application: String, arguments: String
    ) {
        self.file = file
        self.line = line
        self.context = context
        self.exten = exten
        self.priority = priority
        self.application = application
        self.arguments = arguments
    }
}
