using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.ToolCalls;

/// <summary>Lists the formats of answers and the marks in the source of a chat template that tell them.</summary>
internal static class AnswerFormats
{
    // A family whose marks include those of another one comes before it.
    private static readonly (string[] Marks, string[] Ignored, CallSyntax Calls)[] s_calls =
    [
        // DeepSeek V3.2, then V4; their templates put the marks together
        (["dsml_token", "function_calls"], [], DeepSeekTags("function_calls")),
        (["dsml_token", "tool_calls"], [], DeepSeekTags("tool_calls")),

        // Kimi K3, whose template puts the marks together
        (["<|open|>", "<|end_of_msg|>"], KimiSections, KimiTags),

        // Qwen3-Coder, Qwen3.5, Nemotron 3
        (["<tool_call>", "<function="], [], FunctionTags("<tool_call>", "</tool_call>")),

        // Seed-OSS
        (["<seed:tool_call>", "<function="], [], FunctionTags("<seed:tool_call>", "</seed:tool_call>")),

        // MiniMax M2
        (["<minimax:tool_call>", "<invoke name="], [], new TaggedCalls("<minimax:tool_call>", "</minimax:tool_call>")
        {
            Name = ("<invoke name=\"", "\">"),
            Key = ("<parameter name=\"", "\">"),
            Value = ("", "</parameter>"),
            End = "</invoke>",
        }),

        // MiniCPM5
        (["<function name=", "<param name="], [], new TaggedCalls("<function name=\"", "</function>")
        {
            Name = ("", "\">"),
            Key = ("<param name=\"", "\">"),
            Value = ("", "</param>"),
            End = "</function>",
        }),

        // GLM
        (["<tool_call>", "<arg_key>"], [], new TaggedCalls("<tool_call>", "</tool_call>")
        {
            Name = ("", ""),
            Key = ("<arg_key>", "</arg_key>"),
            Value = ("<arg_value>", "</arg_value>"),
            End = "</tool_call>",
        }),

        // Apriel 1.5, MiniMax M1; Nemotron Nano 2
        (["<tool_calls>"], [], new JsonCalls("<tool_calls>", "</tool_calls>")),
        (["<TOOLCALL>"], [], new JsonCalls("<TOOLCALL>", "</TOOLCALL>")),

        // Hermes, Qwen, Granite 4, SmolLM3
        (["<tool_call>"], [], new JsonCalls("<tool_call>", "</tool_call>")),

        // Granite 3, Phi 4
        (["<|tool_call|>"], [], new JsonCalls("<|tool_call|>", "<|/tool_call|>")),

        // Gemma 4, FunctionGemma
        (["<|tool_call>", "<tool_call|>"], [], GemmaCalls("<|tool_call>", "<tool_call|>")),
        (["<start_function_call>"], [], GemmaCalls("<start_function_call>", "<end_function_call>")),

        // Mistral since Small 3.2 and Ministral 3, and before them
        (["[TOOL_CALLS]", "[ARGS]"], [], new NamedCalls("[TOOL_CALLS]", "[ARGS]", null) { IdMark = "[CALL_ID]" }),
        (["[TOOL_CALLS]"], [], new JsonCalls("[TOOL_CALLS]", null)),

        // DeepSeek R1 and V3, then V3.1
        (["<｜tool▁call▁begin｜>", "```json"], DeepSeekSection, DeepSeek with { Fence = "```json" }),
        (["<｜tool▁call▁begin｜>"], DeepSeekSection, DeepSeek),

        // Kimi K2
        (["<|tool_call_begin|>", "<|tool_call_argument_begin|>"],
            ["<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"],
            new NamedCalls("<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>") { IsNameInId = true }),

        // Solar Open
        (["<|tool_call:begin|>", "<|tool_call:name|>"],
            ["<|tool_calls|>", "<|begin|>assistant", "<|content|>", "<|end|>"],
            new NamedCalls("<|tool_call:begin|>", "<|tool_call:args|>", "<|tool_call:end|>") { NameMark = "<|tool_call:name|>" }),

        // LFM2, whose template shows the marks of the list of tools only
        (["<|tool_list_start|>"], [], LiquidCalls),
        (["List of tools: "], [], LiquidCalls),

        // Command R7B and newer, Command R plus
        (["<|START_ACTION|>"],
            ["<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"],
            new JsonCalls("<|START_ACTION|>", "<|END_ACTION|>")),
        (["Action:", "```json", "\"tool_name\": "], [], new JsonCalls("Action:", "```") { Fence = "```json" }),

        // Apertus
        (["<|tools_prefix|>"], [], new JsonCalls("<|tools_prefix|>", "<|tools_suffix|>") { IsNameKey = true }),

        // GigaChat 3.1 and 3
        (["<|function_call|>", "<|message_sep|>"], ["<|message_sep|>"], new JsonCalls("<|function_call|>", null)),
        (["<|role_sep|>", "function call"], ["<|message_sep|>"], new JsonCalls("function call<|role_sep|>", null)),

        // Functionary 3.1, Firefunction 2
        (["<function=", "</function>"], [], new NamedCalls("<function=", ">", "</function>")),
        (["functools["], [], new JsonCalls("functools", null)),

        // Llama 3, Llama 4
        (["<|start_header_id|>", "\"parameters\": "], [], new JsonCalls("<|python_tag|>", null) { IsBare = true }),
        (["<|header_start|>", "\"parameters\": "], [], new JsonCalls("<|python_start|>", null) { IsBare = true }),
    ];

    private static readonly (string[] Marks, string Open, string Close)[] s_reasoning =
    [
        (["</think>"], "<think>", "</think>"),
        (["</seed:think>"], "<seed:think>", "</seed:think>"),
        (["[/THINK]"], "[THINK]", "[/THINK]"),
        (["<|END_THINKING|>"], "<|START_THINKING|>", "<|END_THINKING|>"),
        (["<channel|>"], "<|channel>thought", "<channel|>"),
        (["<|inner_suffix|>"], "<|inner_prefix|>", "<|inner_suffix|>"),
        (["[BEGIN FINAL RESPONSE]"], "Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),
        (["<|open|>", "<|end_of_msg|>"], "<|open|>think<|sep|>", "<|close|>think<|sep|>"),
        (["<|begin|>assistant<|think|>"], "<|think|>", "<|end|>"),
    ];

    private static string[] DeepSeekSection => ["<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"];

    private static NamedCalls DeepSeek => new("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>");

    private static string[] KimiSections =>
    [
        "<|open|>response<|sep|>", "<|close|>response<|sep|>", "<|open|>tools<|sep|>", "<|close|>tools<|sep|>", "<|close|>message<|sep|>",
    ];

    private static TaggedCalls KimiTags => new("<|open|>call tool=\"", "<|close|>call<|sep|>")
    {
        Name = ("", "\""),
        Key = ("<|open|>argument key=\"", "\""),
        Value = ("", "<|close|>argument<|sep|>"),
        End = "<|close|>call<|sep|>",
        TagEnd = "<|sep|>",
        StringAttribute = "type=\"string\"",
    };

    private static LiteralCalls LiquidCalls => new("<|tool_call_start|>", "<|tool_call_end|>");

    /// <summary>Finds the format of a template by its marks. Returns null if it has none.</summary>
    /// <param name="template">The source of the template.</param>
    /// <param name="hasCalls">Whether the model may call tools.</param>
    public static AnswerFormat? Find(string template, bool hasCalls)
    {
        if (Has(template, "<|channel|>", "<|message|>"))
        {
            return new HarmonyAnswer();
        }

        (string[]? _, string[]? ignored, CallSyntax? calls) = s_calls.FirstOrDefault(family => Has(template, family.Marks));
        (string[]? marks, string open, string close) = s_reasoning.FirstOrDefault(family => Has(template, family.Marks));
        calls = hasCalls ? calls : null;
        return calls is null && marks is null
            ? null
            : new MarkedAnswer(marks is null ? null : (open, close), calls, ignored ?? []);
    }

    private static bool Has(string template, params IEnumerable<string> marks) =>
        marks.All(mark => template.Contains(mark, StringComparison.Ordinal));

    private static TaggedCalls FunctionTags(string open, string close) => new(open, close)
    {
        Name = ("<function=", ">"),
        Key = ("<parameter=", ">"),
        Value = ("", "</parameter>"),
        End = "</function>",
        HasLineEnds = true,
    };

    private static LiteralCalls GemmaCalls(string open, string close) => new(open, close)
    {
        Prefix = "call:",
        Brackets = ('{', '}'),
        Assignment = ':',
    };

    private static TaggedCalls DeepSeekTags(string section) => new($"<｜DSML｜{section}>", $"</｜DSML｜{section}>")
    {
        Name = ("<｜DSML｜invoke name=\"", "\""),
        Key = ("<｜DSML｜parameter name=\"", "\""),
        Value = ("", "</｜DSML｜parameter>"),
        End = "</｜DSML｜invoke>",
        TagEnd = ">",
        StringAttribute = "string=\"true\"",
    };
}
