// SPDX-License-Identifier: AGPL-3.0-or-later

/// The conversation of the event's leg is written to a file from here on.
public struct RecordingStarted: LedgerFact, Hashable {
    public static let name = "recording.started"
    /// Absolute.
    public var path: String

    public init(path: String) {
        self.path = path
    }

    public var fields: [LedgerField] {
        [LedgerField("path", path)]
    }

    public init?(fields: LedgerFields) {
        guard let path = fields.text("path") else { return nil }
        self.init(path: path)
    }
}

/// The file is closed.
public struct RecordingStopped: LedgerFact, Hashable {
    public static let name = "recording.stopped"
    public var path: String
    /// The file's length.
    public var milliseconds: Int64
    /// What a stalled disk left out, silence in the file.
    public var lostMilliseconds: Int64
    /// In words; nil: a good recording.
    public var error: String?

    public init(path: String, milliseconds: Int64, lostMilliseconds: Int64, error: String?) {
        self.path = path
        self.milliseconds = milliseconds
        self.lostMilliseconds = lostMilliseconds
        self.error = error
    }

    public var fields: [LedgerField] {
        [LedgerField("path", path), LedgerField("milliseconds", milliseconds), LedgerField("lost", lostMilliseconds)]
            .with("error", error)
    }

    public init?(fields: LedgerFields) {
        guard let path = fields.text("path"), let milliseconds = fields.number("milliseconds", as: Int64.self) else {
            return nil
        }
        self.init(
            path: path, milliseconds: milliseconds, lostMilliseconds: fields.number("lost") ?? 0,
            error: fields.text("error"))
    }
}

/// Nothing is written until it is resumed (card data).
public struct RecordingPaused: LedgerFact, Hashable {
    public static let name = "recording.paused"
    public var path: String

    public init(path: String) {
        self.path = path
    }

    public var fields: [LedgerField] {
        [LedgerField("path", path)]
    }

    public init?(fields: LedgerFields) {
        guard let path = fields.text("path") else { return nil }
        self.init(path: path)
    }
}

/// It is written again.
public struct RecordingResumed: LedgerFact, Hashable {
    public static let name = "recording.resumed"
    public var path: String

    public init(path: String) {
        self.path = path
    }

    public var fields: [LedgerField] {
        [LedgerField("path", path)]
    }

    public init?(fields: LedgerFields) {
        guard let path = fields.text("path") else { return nil }
        self.init(path: path)
    }
}
