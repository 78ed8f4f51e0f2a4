// SPDX-License-Identifier: AGPL-3.0-or-later
import ArgumentParser
import Foundation

/// Prints a value as JSON, one document, keys sorted.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Names come from outside: what a terminal would obey is not shown to it.
func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
    return String(
        String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
}

/// Prints rows under a heading, columns as wide as they need to be.
func printTable(_ heading: [String], _ rows: [[String]]) {
    let rows = rows.map { $0.map(printable) }
    var widths = heading.map(\.count)
    for row in rows {
        for (index, cell) in row.enumerated() where index < widths.count {
            widths[index] = max(widths[index], cell.count)
        }
    }
    for row in [heading] + rows {
        let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        print(line)
    }
}

/// Asks the switch; a failure is printed in words and ends the command with 1.
func ask(_ request: ControlRequest, _ options: DataOptions) throws -> ControlReply {
    do {
        return try ControlSocket.ask(request, data: options.data)
    } catch let error as ControlError {
        FileHandle.standardError.write(Data("martlet: \(error)\n".utf8))
        throw ExitCode(1)
    }
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how a running switch is doing.")
    @OptionGroup var options: DataOptions

    func run() throws {
        guard let status = try ask(ControlRequest(command: "status"), options).status else { return }
        if options.json { return try printJSON(status) }
        let up = Duration.seconds(status.upSeconds).formatted(.time(pattern: .hourMinuteSecond))
        print("\(status.site): martlet \(status.version), process \(status.processID), up \(up)")
        print("listens on \(status.listen.joined(separator: " "))")
        print(
            "\(status.calls) call(s), \(status.registrations) registration(s), \(status.subscriptions) lamp(s) watched")
        if !status.trunks.isEmpty {
            printTable(
                ["TRUNK", "LINES", "IN USE", "STATE"],
                status.trunks.map { [$0.name, String($0.lines), String($0.inUse), $0.state] })
        }
        for (name, value) in status.counters.sorted(by: { $0.key < $1.key }) where value > 0 {
            print("\(name): \(value)")
        }
    }
}

struct CallsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "calls", abstract: "Lists the calls that are up.")
    @OptionGroup var options: DataOptions

    func run() throws {
        let calls = try ask(ControlRequest(command: "calls"), options).calls ?? []
        if options.json { return try printJSON(calls) }
        if calls.isEmpty { return print("no calls") }
        printTable(
            ["CALL", "STARTED", "FROM", "DIALLED", "STATE", "LEGS", "AT"],
            calls.map { call in
                [
                    call.id, call.started, call.from, call.dialled, call.answered ? "answered" : "ringing",
                    call.legs.map { "\($0.id):\($0.party)(\($0.state))" }.joined(separator: " "), call.at ?? "",
                ]
            })
    }
}

struct RegistrationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registrations", abstract: "Lists the phones and gateways that are registered.")
    @OptionGroup var options: DataOptions

    func run() throws {
        let rows = try ask(ControlRequest(command: "registrations"), options).registrations ?? []
        if options.json { return try printJSON(rows) }
        if rows.isEmpty { return print("nobody is registered") }
        printTable(
            ["WHO", "CONTACT", "SEEN AT", "REACHABLE", "EXPIRES", "PHONE"],
            rows.map {
                [$0.address, $0.contact, $0.source, $0.reachable ? "yes" : "no", $0.expires, $0.userAgent ?? ""]
            })
    }
}

struct LampsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lamps", abstract: "Lists who watches which lamp, and what it shows.")
    @OptionGroup var options: DataOptions

    func run() throws {
        let rows = try ask(ControlRequest(command: "lamps"), options).lamps ?? []
        if options.json { return try printJSON(rows) }
        if rows.isEmpty { return print("nobody watches a lamp") }
        printTable(
            ["WHO", "FROM", "NUMBER", "WATCHES", "PACKAGE", "STATE", "NOTIFIES"],
            rows.map {
                [
                    $0.watcher, $0.source, $0.number, $0.watches.joined(separator: " "), $0.package, $0.state,
                    String($0.told),
                ]
            })
    }
}

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Reads the site anew; calls in progress finish on the version they began with.")
    @OptionGroup var options: DataOptions

    func run() throws {
        let messages = try ask(ControlRequest(command: "reload"), options).messages ?? []
        if options.json { return try printJSON(messages) }
        for message in messages { print(message) }
        print("reloaded")
    }
}
