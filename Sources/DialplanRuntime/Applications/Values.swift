// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan

extension CoreApplications {
    static let values: [CoreApplication] = [
        CoreApplication("NoOp", 0...1, splitting: .none) { _, _ in .next },
        CoreApplication("Set", 1...1, splitting: .none, assigns: true) { interpreter, text in
            interpreter.assign(text)
            return .next
        },
        CoreApplication("MSet", 1...Arguments.maximumCount) { interpreter, text in
            for assignment in Arguments.split(text) { interpreter.assign(assignment) }
            return .next
        },
        CoreApplication("Verbose", 1...Arguments.maximumCount) { interpreter, text in
            var message = text[...]
            if let comma = text.firstIndex(of: ","), Int(text[..<comma]) != nil {
                message = text[text.index(after: comma)...]
            }
            interpreter.call.note("verbose", [("text", String(message))])
            return .next
        },
        CoreApplication("Log", 1...Arguments.maximumCount) { interpreter, text in
            let comma = text.firstIndex(of: ",") ?? text.endIndex
            interpreter.call.note(
                "log", [("level", String(text[..<comma])), ("text", String(text[comma...].dropFirst()))])
            return .next
        },
    ]
}

extension Interpreter {
    /// `NAME=value` or `FUNCTION(arguments)=value`.
    func assign(_ text: String) {
        guard let equal = text.firstIndex(of: "=") else {
            note("dialplan.setWithoutValue", [("text", text)])
            return
        }
        let name = text[..<equal].filter { $0 != " " }
        let value = String(text[text.index(after: equal)...])
        guard let open = name.firstIndex(of: "(") else { return setVariable(name, value) }
        let inner = name[name.index(after: open)...]
        let arguments = String(inner[..<(inner.lastIndex(of: ")") ?? inner.endIndex)])
        if !write(String(name[..<open]), arguments, value) {
            note("dialplan.cannotWrite", [("function", name)])
        }
    }
}
