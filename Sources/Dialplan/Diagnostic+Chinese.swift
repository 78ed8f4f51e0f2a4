// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

extension Diagnostic.Problem {
    /// 消息和提示；提示为空表示没有。
    var chinese: (message: String, hint: String) {
        func maybe(_ name: String?) -> String { name.map { "是否想写“\($0)”？" } ?? "" }
        switch self {
        case .fileTooLarge(let limit): return ("文件超过 \(limit) 字节", "用 #include 拆分")
        case .tooManyLines(let limit): return ("拨号方案超过 \(limit) 行", "其余部分未读取")
        case .lineTooLong(let limit): return ("此行超过 \(limit) 字节", "")
        case .tooManyFiles(let limit): return ("包含的文件超过 \(limit) 个", "")
        case .filesTooDeep(let limit): return ("#include 嵌套超过 \(limit) 层", "")
        case .fileIncludesItself(let name): return ("文件“\(name)”包含了自己", "去掉此 #include")
        case .fileNotFound(let name):
            return ("文件“\(name)”无法读取", "#tryinclude 会跳过不存在的文件")
        case .unterminatedComment: return ("注释“;--”没有结束", "用“--;”结束")
        case .unknownDirective(let name):
            return ("未知指令“#\(name)”", "可用 #include 和 #tryinclude")
        case .execRefused: return ("不支持 #exec", "请把其输出写入文件")
        case .unclosedHeader: return ("段名没有闭合", "写作 [名称]")
        case .unknownBaseSection(let name): return ("前面没有可追加或继承的段 [\(name)]", "")
        case .lineOutsideContext: return ("此行之前没有任何 [上下文]", "")
        case .missingEqualSign: return ("此行没有“=”", "写作 键 => 值")
        case .unknownKey(let name, let suggestion): return ("未知的键“\(name)”", maybe(suggestion))
        case .unsupportedKey(let name): return ("不支持“\(name)”，它不起作用", "")
        case .missingExtension: return ("分机为空", "写作 exten => 100,1,…")
        case .sameWithoutExtension: return ("“same”之前在此上下文中须有“exten”", "")
        case .invalidPriority(let text):
            return ("“\(text)”不是优先级", "可用数字、n、n(标签)、hint 或已有的标签")
        case .nextWithoutPrevious: return ("优先级“n”之前在此上下文中须有优先级", "从 1 开始")
        case .unclosedLabel: return ("标签没有闭合", "写作 n(标签)")
        case .textAfterLabel(let text): return ("标签之后的“\(text)”被忽略", "")
        case .missingApplication: return ("此步没有应用", "至少写 NoOp()")
        case .unclosedArguments(let name): return ("“\(name)”的参数没有闭合", "补上“)”")
        case .textAfterArguments(let text):
            return ("参数之后的“\(text)”被忽略", "注释以“;”开头")
        case .unclosedSet(let pattern): return ("模式“\(pattern)”中“[”没有闭合", "补上“]”")
        case .emptySet(let pattern): return ("模式“\(pattern)”中有永不匹配的集合", "范围应由小到大")
        case .textAfterWildcard(let pattern): return ("“\(pattern)”中“.”或“!”之后的内容被忽略", "")
        case .emptyPattern: return ("“_”之后没有模式", "")
        case .catchAllPattern(let pattern):
            return ("“\(pattern)”也会匹配特殊分机 h、i、t 等", "写作“_X\(pattern.dropFirst())”")
        case .extensionTooLong(let limit): return ("分机超过 \(limit) 个字符", "")
        case .duplicatePriority(let name, let priority, let first):
            return ("“\(name)”的优先级 \(priority) 已在 \(first) 定义", "以先定义的为准")
        case .duplicateLabel(let label, let first):
            return ("标签“\(label)”已在 \(first) 定义", "以先定义的为准")
        case .missingHint(let name):
            return ("“\(name)”的 hint 没有要监视的对象", "写 exten => \(name),hint,SIP/8001")
        case .duplicateHint(let name, let first):
            return ("“\(name)”的 hint 已在 \(first) 定义", "以先定义的为准")
        case .missingFirstPriority(let name): return ("“\(name)”没有优先级 1，永远不会进入", "")
        case .priorityGap(let name, let priority, let missing):
            return ("“\(name)”的优先级 \(priority) 永远不会执行，缺少 \(missing)", "用 n 编号")
        case .unreachablePriority(let name, let priority, let after):
            return ("“\(name)”的优先级 \(priority) 永远不会执行，“\(after)”之后不再继续", "")
        case .shadowed(let name, let by, let location):
            return ("“\(name)”永远不会匹配，\(location) 的“\(by)”在先", "")
        case .unclosedVariable: return ("“${”没有闭合", "补上“}”")
        case .unclosedExpression: return ("“$[”没有闭合", "补上“]”")
        case .unclosedQuote: return ("表达式中的引号没有闭合", "")
        case .badExpression(let text, let at): return ("表达式“\(text)”在“\(at)”处无法解析", "")
        case .expressionKnownOnlyWhenRun(let text):
            return ("表达式“\(text)”要到运行时代入变量才能解析", "字符串请加引号")
        case .nestingTooDeep(let limit): return ("嵌套超过 \(limit) 层", "")
        case .unknownFunction(let name, let suggestion):
            return ("未知函数“\(name)”", maybe(suggestion))
        case .unknownApplication(let name, let suggestion):
            return ("未知应用“\(name)”", maybe(suggestion))
        case .tooFewArguments(let name, let minimum, let given):
            return ("“\(name)”至少需要 \(minimum) 个参数，给了 \(given) 个", "")
        case .tooManyArguments(let name, let maximum, let given):
            return ("“\(name)”至多接受 \(maximum) 个参数，给了 \(given) 个", "")
        case .missingBranch(let name): return ("“\(name)”没有“?”，不起作用", "条件?是:否")
        case .unknownContext(let name, let suggestion):
            return ("没有上下文 [\(name)]", maybe(suggestion))
        case .unknownExtension(let name, let context):
            return ("上下文 [\(context)] 中没有分机“\(name)”", "")
        case .unknownLabel(let label, let name, let suggestion):
            return ("“\(name)”没有标签“\(label)”", maybe(suggestion))
        case .unknownPriority(let priority, let name):
            return ("“\(name)”没有优先级 \(priority)", "")
        case .missingIncludedContext(let name, let suggestion):
            return ("被包含的上下文 [\(name)] 不存在", maybe(suggestion))
        case .includeCycle(let path):
            return ("上下文互相包含：\(path.joined(separator: " → "))", "")
        case .badIncludeTime(let text): return ("“\(text)”不是时间条件", "9:00-17:00,mon-fri,*,*")
        }
    }
}
