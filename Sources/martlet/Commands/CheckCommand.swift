// SPDX-License-Identifier: AGPL-3.0-or-later
import ArgumentParser
import Configuration
import Diagnostics
import Foundation
import Site

/// The language of messages: that of the terminal (LC_ALL, LC_MESSAGES, LANG).
enum Language {
    static var ofTerminal: DiagnosticLanguage {
        let environment = ProcessInfo.processInfo.environment
        let name = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return name.lowercased().hasPrefix("zh") ? .chinese : .english
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a site as a whole, without starting anything.")

    @Argument(help: "The folder of the site's configuration.")
    var folder: String?

    @Option(name: .long, help: "The same, as 'serve' takes it.")
    var site: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        var severity: String
        var file: String
        var line: Int
        var column: Int
        var message: String
        var hint: String?
    }

    func run() throws {
        guard let folder = folder ?? site else {
            throw ValidationError("name the folder of the site: martlet check FOLDER")
        }
        let load = SiteReading.read(folder: folder)
        let language = Language.ofTerminal
        if json {
            try printJSON(
                load.diagnostics.map { found in
                    Report(
                        severity: found.severity.rawValue, file: found.file, line: found.line, column: found.column,
                        message: found.message.text(in: language), hint: found.hint?.text(in: language))
                })
        } else {
            for diagnostic in load.diagnostics { print(diagnostic.text(in: language)) }
            if let site = load.site {
                print(
                    "\(site.name): \(site.seats.count) seats, \(site.trunks.count) trunks, "
                        + "\(load.files.count) files checked, no errors")
            }
        }
        if load.site == nil { throw ExitCode(1) }
    }
}
