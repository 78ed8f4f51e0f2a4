// SPDX-License-Identifier: AGPL-3.0-or-later

/// A script has come to a step of the dialplan.
public struct ApplicationStarted: LedgerFact, Hashable {
    public static let name = "dialplan.application"
    public var step: DialplanStep

    public init(_ step: DialplanStep) { self.step = step }

    public var fields: [LedgerField] {
        [
            LedgerField("file", step.file), LedgerField("line", step.line), LedgerField("context", step.context),
            LedgerField("extension", step.exten), LedgerField("priority", step.priority),
            LedgerField("application", step.application), LedgerField("arguments", step.arguments),
        ]
    }

    public init?(fields: LedgerFields) {
        guard let file = fields.text("file"), let line: Int = fields.number("line"),
            let context = fields.text("context"), let exten = fields.text("extension"),
            let priority: Int = fields.number("priority"), let application = fields.text("application"),
            let arguments = fields.text("arguments")
        else { return nil }
        self.init(
            DialplanStep(
                file: file, line: line, context: context, exten: exten, priority: priority, application: application,
                arguments: arguments))
    }
}
