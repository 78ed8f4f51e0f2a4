// SPDX-License-Identifier: AGPL-3.0-or-later

/// A command was carried out or refused, whatever door it came by.
public struct CommandPerformed: LedgerFact, Hashable {
    public static let name = "command"
    /// `transfer`, `hangUp` …
    public var name: String
    /// Who asked: a seat, `control`, a module.
    public var by: String
    /// What it was for: a leg, a call, a slot.
    public var target: String
    /// `done`, or why not.
    public var result: String

    public init(name: String, by: String, target: String, result: String) {
        self.name = name
        self.by = by
        self.target = target
        self.result = result
    }

    public var fields: [LedgerField] {
        [
            LedgerField("name", name), LedgerField("by", by), LedgerField("target", target),
            LedgerField("result", result),
        ]
    }

    public init?(fields: LedgerFields) {
        guard let name = fields.text("name"), let by = fields.text("by"), let target = fields.text("target"),
            let result = fields.text("result")
        else { return nil }
        self.init(name: name, by: by, target: target, result: result)
    }
}
