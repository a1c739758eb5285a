using System.Collections.Generic;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.ToolCalls;

/// <summary>Answers of the template families and what is in them. The marks of a family stand for its template.</summary>
internal static class AnswerSamples
{
    public const string Hermes = "<tool_call> </tool_call> <think> </think>";
    public const string Coder = "<tool_call><function=";
    public const string Glm = "<tool_call><arg_key></think>";
    public const string Llama = "<|start_header_id|> \"parameters\": ";
    public const string Nemo = "[TOOL_CALLS]";
    public const string Mistral = "[TOOL_CALLS] [ARGS] [THINK] [/THINK]";
    public const string Granite = "<|tool_call|>";
    public const string Harmony = "<|channel|> <|message|>";
    public const string DeepSeek = "<｜tool▁call▁begin｜> </think>";
    public const string DeepSeekR1 = "<｜tool▁call▁begin｜> ```json </think>";
    public const string Liquid = "<|tool_list_start|>";
    public const string Gemma = "<|tool_call> <tool_call|> <|channel>thought <channel|>";
    public const string Cohere = "<|START_ACTION|> <|START_THINKING|> <|END_THINKING|>";
    public const string Kimi = "<|tool_call_begin|> <|tool_call_argument_begin|>";
    public const string KimiK3 = "<|open|> <|close|> <|sep|> <|end_of_msg|>";
    public const string Cohere1 = "Action: ```json \"tool_name\": ";
    public const string MiniMax = "<minimax:tool_call> </minimax:tool_call> <invoke name=";
    public const string MiniCpm = "<function name= <param name=";
    public const string DeepSeek32 = "dsml_token function_calls </think>";
    public const string Apriel = "<tool_calls> </tool_calls>";
    public const string Nemotron = "<TOOLCALL> </TOOLCALL> </think>";
    public const string Apertus = "<|tools_prefix|> <|tools_suffix|>";
    public const string Solar = "<|tool_call:begin|> <|tool_call:name|> <|begin|>assistant<|think|>";
    public const string FunctionGemma = "<start_function_call> <end_function_call>";
    public const string Functionary = "<function= </function>";
    public const string Firefunction = "functools[";

    /// <summary>Gets the marks of the families' templates.</summary>
    public static IEnumerable<string> Marks =>
    [
        Hermes, Coder, Glm, Llama, Nemo, Mistral, Granite, Harmony, DeepSeek, DeepSeekR1, DeepSeek32, Liquid, Gemma, FunctionGemma, Cohere,
        Cohere1, Kimi, KimiK3, MiniMax, MiniCpm, Apriel, Nemotron, Apertus, Solar, Functionary, Firefunction,
    ];

    /// <summary>Marks of the template, answer, content, reasoning, and the calls as name and arguments with '|' between them.</summary>
    public static TheoryData<string, string, string, string, string> Answers() => new()
    {
        { Hermes, "<think>\nHm.\n</think>\n\nHello!", "Hello!", "Hm.", "" },
        { Hermes, "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"}\"]}}\n</tool_call>", "", "", "f{\"a\": [1, \"}\"]}" },
        {
            Hermes,
            "Let me see.\n<tool_call>{\"arguments\": {}, \"name\": \"f\"}</tool_call>\n<tool_call>{\"name\":\"g\",\"arguments\":{\"b\":1}}"
            + "</tool_call> Done.",
            "Let me see.\n\n Done.",
            "",
            "f{}|g{\"b\":1}"
        },
        { Hermes, "<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>", "", "", "f{\"a\": 1}" },
        { Hermes, "1 < 2, and <tool is no mark.\n", "1 < 2, and <tool is no mark.\n", "", "" },
        {
            Coder,
            "Look.\n<tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nx\ny\n</parameter>\n"
            + "</function>\n</tool_call>",
            "Look.",
            "",
            "f{\"a\": 1, \"b\": \"x\\ny\"}"
        },
        { Coder, "<tool_call>\n<function=f>\n</function>\n</tool_call>", "", "", "f{}" },
        {
            Glm,
            "<think>Hm</think>\n<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>b c</arg_value>\n</tool_call><tool_call>g</tool_call>\n",
            "",
            "Hm",
            "f{\"a\": \"b c\"}|g{}"
        },
        { Llama, "{\"name\": \"f\", \"parameters\": {\"a\": \"b\"}}", "", "", "f{\"a\": \"b\"}" },
        { Llama, "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}", "", "", "f{}|g{}" },
        { Llama, "{\"age\": 3}", "{\"age\": 3}", "", "" },
        { Llama, "{\"name\": \"Bob\"}\n", "{\"name\": \"Bob\"}\n", "", "" },
        { Llama, " Hello {you}", " Hello {you}", "", "" },
        {
            Nemo,
            "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}, \"id\": \"123456789\"}, {\"name\": \"g\", \"arguments\": {}}]",
            "",
            "",
            "f{}|g{}"
        },
        {
            Mistral,
            "[THINK]Hm[/THINK]Hi[TOOL_CALLS]f[CALL_ID]123456789[ARGS]{\"a\": 1}[TOOL_CALLS]g[ARGS]{}",
            "Hi",
            "Hm",
            "f{\"a\": 1}|g{}"
        },
        { Granite, "<|tool_call|>[{\"name\": \"f\", \"arguments\": {}}]", "", "", "f{}" },
        { Granite, "<|tool_call|>[]", "", "", "" },
        {
            Harmony,
            "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>"
            + "{\"a\": 1}<|call|>",
            "",
            "Hm",
            "f{\"a\": 1}"
        },
        { Harmony, " to=functions.f<|channel|>commentary json<|message|>{}", "", "", "f{}" },
        { Harmony, "<|channel|>final<|message|>Hello<|return|>", "Hello", "", "" },
        { Harmony, "No marks at all", "No marks at all", "", "" },
        {
            DeepSeek,
            "<think>Hm</think>Hi<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜>"
            + "<｜tool▁call▁begin｜>g<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "Hi",
            "Hm",
            "f{\"a\": 1}|g{}"
        },
        {
            DeepSeekR1,
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "",
            "",
            "f{\"a\": 1}"
        },
        {
            Liquid,
            "Look.<|tool_call_start|>[f(a=\"x\\ny\", b={\"c\": [True, None]}), g.h(n=-1.5)]<|tool_call_end|>",
            "Look.",
            "",
            "f{\"a\": \"x\\ny\", \"b\": {\"c\": [true, null]}}|g.h{\"n\": -1.5}"
        },
        {
            Gemma,
            "<|channel>thought\nHm\n<channel|><|tool_call>call:f{a:<|\"|>x, \"y\"<|\"|>,b:true,c:{d:[1,2]}}<tool_call|>",
            "",
            "Hm",
            "f{\"a\": \"x, \\\"y\\\"\", \"b\": true, \"c\": {\"d\": [1, 2]}}"
        },
        {
            Cohere,
            "<|START_THINKING|>Hm<|END_THINKING|><|START_ACTION|>[\n {\"tool_call_id\": \"0\", \"tool_name\": \"f\", \"parameters\": {}}\n]"
            + "<|END_ACTION|>",
            "",
            "Hm",
            "f{}"
        },
        { Cohere, "<|START_RESPONSE|>Hello<|END_RESPONSE|>", "Hello", "", "" },
        {
            Kimi,
            "Hi<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{\"a\": 1}<|tool_call_end|>"
            + "<|tool_calls_section_end|>",
            "Hi",
            "",
            "f{\"a\": 1}"
        },
        {
            KimiK3,
            "<|open|>think<|sep|>Hm<|close|>think<|sep|><|open|>response<|sep|>Hi<|close|>response<|sep|><|open|>tools<|sep|><|open|>call "
            + "tool=\"f\" index=\"1\"<|sep|><|open|>argument key=\"a\" type=\"string\"<|sep|>1<|close|>argument<|sep|><|open|>argument "
            + "key=\"b\" type=\"number\"<|sep|>2<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>",
            "Hi",
            "Hm",
            "f{\"a\": \"1\", \"b\": 2}"
        },
        { Cohere1, "Action:\n```json\n[{\"tool_name\": \"f\", \"parameters\": {\"a\": 1}}]\n```", "", "", "f{\"a\": 1}" },
        {
            Cohere1,
            "I look.\nAction: ```json\n[\n    {\n        \"tool_name\": \"f\",\n        \"parameters\": {}\n    },\n    {\n"
            + "        \"tool_name\": \"g\",\n        \"parameters\": {}\n    }\n]```",
            "I look.",
            "",
            "f{}|g{}"
        },
        { Cohere1, "Action: none is needed.", "Action: none is needed.", "", "" },
        { Llama, "<|python_tag|>print(1)", "print(1)", "", "" },
        { Llama, "<|python_tag|>brave_search.call(query=\"x\")", "brave_search.call(query=\"x\")", "", "" },
        {
            MiniMax,
            "Hi\n<minimax:tool_call>\n<invoke name=\"f\">\n<parameter name=\"a\">x y</parameter>\n</invoke>\n"
            + "<invoke name=\"g\">\n</invoke>\n</minimax:tool_call>",
            "Hi",
            "",
            "f{\"a\": \"x y\"}|g{}"
        },
        {
            MiniCpm,
            "<function name=\"f\"><param name=\"a\"><![CDATA[</param>]]></param><param name=\"b\">3</param></function>\n"
            + "<function name=\"g\"></function>",
            "",
            "",
            "f{\"a\": \"</param>\", \"b\": 3}|g{}"
        },
        {
            DeepSeek32,
            "<think>Hm</think>Hi\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"a\" string=\"true\">1"
            + "</｜DSML｜parameter>\n<｜DSML｜parameter name=\"b\" string=\"false\">[2]</｜DSML｜parameter>\n</｜DSML｜invoke>\n"
            + "</｜DSML｜function_calls>",
            "Hi",
            "Hm",
            "f{\"a\": \"1\", \"b\": [2]}"
        },
        { Apriel, "<tool_calls>[{\"name\": \"f\", \"arguments\": {}}]</tool_calls>", "", "", "f{}" },
        {
            Apriel,
            "<tool_calls>\n{\"name\": \"f\", \"arguments\": {}}\n{\"name\": \"g\", \"arguments\": {}}\n</tool_calls>",
            "",
            "",
            "f{}|g{}"
        },
        { Nemotron, "<TOOLCALL>[{\"name\": \"f\", \"arguments\": {}}]</TOOLCALL>", "", "", "f{}" },
        { Apertus, "Hi<|tools_prefix|>[{\"f\": {\"a\": 1}}, {\"g\": {}}]<|tools_suffix|>", "Hi", "", "f{\"a\": 1}|g{}" },
        {
            Solar,
            "<|think|>Hm<|end|><|begin|>assistant<|tool_calls|><|tool_call:begin|>1<|tool_call:name|>f<|tool_call:args|>{}"
            + "<|tool_call:end|>",
            "",
            "Hm",
            "f{}"
        },
        {
            FunctionGemma,
            "<start_function_call>call:f{a:<escape>x, y<escape>,b:2}<end_function_call>",
            "",
            "",
            "f{\"a\": \"x, y\", \"b\": 2}"
        },
        { Functionary, "<function=f>{\"a\": 1}</function><function=g>{}</function>", "", "", "f{\"a\": 1}|g{}" },
        { Firefunction, " functools[{\"name\": \"f\", \"arguments\": {}}]", "", "", "f{}" },
    };

    /// <summary>Marks of the template, and an answer with a malformed call.</summary>
    public static TheoryData<string, string> Malformed() => new()
    {
        { Hermes, "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1" },
        { Hermes, "Hi <tool_call>{\"name\": \"f\", \"arguments\": {\"a\" 1}}</tool_call>" },
        { Hermes, "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}</tool_call> and more" },
        { Hermes, "<tool_call>f(1)</tool_call>" },
        { Hermes, "<tool_call>{\"arguments\": {}}</tool_call>" },
        { Coder, "<tool_call>\n<function=f>\n<parameter=a>\n1\n" },
        { Coder, "<tool_call>\n{\"name\": 1}</tool_call>" },
        { Glm, "<tool_call>f\n<arg_key>a</arg_key>\n1</tool_call>" },
        { Llama, "{\"name\": \"f\", \"parameters\": {\"a\"" },
        { Nemo, "[TOOL_CALLS]nothing" },
        { Mistral, "[TOOL_CALLS]f[ARGS]{\"a\": tru}" },
        { Granite, "<|tool_call|>[{\"name\": \"f\"" },
        { Harmony, " to=functions.f<|channel|>commentary<|message|>{\"a\":" },
        { DeepSeek, "<｜tool▁call▁begin｜>f" },
        { DeepSeekR1, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n{}" },
        { Liquid, "<|tool_call_start|>[f(a=)]<|tool_call_end|>" },
        { Liquid, "<|tool_call_start|>[f(a=1" },
        { Gemma, "<|tool_call>call:f{a<tool_call|>" },
        { Cohere, "<|START_ACTION|>{}" },
        { Kimi, "<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>[}<|tool_call_end|>" },
        { Llama, "<|python_tag|>{\"name\": \"f\", \"parameters\": {" },
        { Cohere1, "Action: ```json\n[{\"tool_name\": \"f\"```" },
        { MiniMax, "<minimax:tool_call><invoke name=\"f\"><parameter name=\"a\">1" },
        { DeepSeek32, "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"a\">1" },
        { KimiK3, "<|open|>call tool=\"f\" index=\"1\"<|sep|><|open|>argument" },
        { Nemotron, "<TOOLCALL>[{\"name\": \"f\"" },
        { Apertus, "<|tools_prefix|>[{\"f\": {\"a\": 1}, \"g\": 1}]" },
        { FunctionGemma, "<start_function_call>call:f{a:<escape>b<end_function_call>" },
    };

    /// <summary>All answers, with the marks of their templates.</summary>
    public static TheoryData<string, string> AllAnswers()
    {
        TheoryData<string, string> all = Malformed();
        foreach (ITheoryDataRow row in Answers())
        {
            all.Add((string)row.GetData()[0]!, (string)row.GetData()[1]!);
        }

        return all;
    }
}
