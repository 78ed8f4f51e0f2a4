// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Configuration
internal import Diagnostics
internal import Dialplan
internal import Glibc

/// Reads `extensions.conf` and what it includes, all within the site's folder.
struct DialplanLoading {
    let folder: String
    /// Names of the files read, relative to the folder, in the order they were read.
    private(set) var files: [String] = []

    /// nil when there is no `extensions.conf`, which has then been reported.
    mutating func load(findings: Findings) -> Dialplan? {
        let main = SiteLoader.dialplanFile
        let text: String
        switch TextFile.read(folder + "/" + main) {
        case .success(let content): text = content
        case .failure(let failure):
            findings.error(SourceLocation(file: main, line: 1), failure.wording)
            return nil
        }
        files = [main]
        var read: [String] = []
        let (dialplan, diagnostics) = DialplanDocument.parse([SourceFile(name: main, text: text)]) { [folder] name, _ in
            let found = DialplanLoading.sources(name, in: folder)
            read += found?.map(\.name) ?? []
            return found
        }
        files += read
        for diagnostic in diagnostics { findings.add(Finding(diagnostic)) }
        return dialplan
    }

    /// The files an `#include` names, which may be a pattern (`extra/*.conf`). Names count from the site's folder,
    /// as Asterisk's do from its own; what lies outside is not part of the site and counts as missing.
    private static func sources(_ name: String, in folder: String) -> [SourceFile]? {
        let steps = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, !name.utf8.contains(0), !name.hasPrefix("/"), !steps.contains("..") else { return nil }
        guard name.contains(where: { "*?[".contains($0) }) else {
            guard case .success(let text) = TextFile.read(folder + "/" + name) else { return nil }
            return [SourceFile(name: name, text: text)]
        }
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(DialplanLoading.escaped(folder) + "/" + name, 0, nil, &matches) == 0 else { return nil }
        var sources: [SourceFile] = []
        for index in 0..<Int(matches.gl_pathc) {
            guard let path = matches.gl_pathv[index].map({ String(cString: $0) }),
                case .success(let text) = TextFile.read(path)
            else { continue }
            sources.append(SourceFile(name: String(path.dropFirst(folder.count + 1)), text: text))
        }
        return sources
    }

    /// The folder's own name is no pattern, whatever signs it has.
    private static func escaped(_ path: String) -> String {
        path.map { "*?[]\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}

extension Finding {
    /// What the dialplan has to say, word for word, so that everything `martlet check` prints looks alike.
    init(_ diagnostic: Diagnostic) {
        self.init(
            diagnostic.severity, at: diagnostic.location,
            Wording(en: diagnostic.message(in: .english), zh: diagnostic.message(in: .chinese)),
            hint: diagnostic.hint(in: .english).map { Wording(en: $0, zh: diagnostic.hint(in: .chinese) ?? $0) })
    }
}
