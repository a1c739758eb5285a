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
        // Qwen3-Coder, Qwen3.5, Nemotron 3
        (["<tool_call>", "<function="], [], FunctionTags("<tool_call>", "</tool_call>")),

        // Seed-OSS
        (["<seed:tool_call>", "<function="], [], FunctionTags("<seed:tool_call>", "</seed:tool_call>")),

        // GLM
        (["<tool_call>", "<arg_key>"], [], new TaggedCalls("<tool_call>", "</tool_call>")
        {
            Name = ("", ""),
            Key = ("<arg_key>", "</arg_key>"),
            Value = ("<arg_value>", "</arg_value>"),
            End = "</tool_call>",
        }),

        // Hermes, Qwen, Granite 4, SmolLM3
        (["<tool_call>"], [], new JsonCalls("<tool_call>", "</tool_call>")),

        // Granite 3
        (["<|tool_call|>"], [], new JsonCalls("<|tool_call|>", "<|/tool_call|>")),

        // Gemma 4
        (["<|tool_call>", "<tool_call|>"], [], new LiteralCalls("<|tool_call>", "<tool_call|>")
        {
            Prefix = "call:",
            Brackets = ('{', '}'),
            Assignment = ':',
        }),

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

        // LFM2, whose template shows the marks of the list of tools only
        (["<|tool_list_start|>"], [], LiquidCalls),
        (["List of tools: "], [], LiquidCalls),

        // Command R7B and newer
        (["<|START_ACTION|>"],
            ["<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"],
            new JsonCalls("<|START_ACTION|>", "<|END_ACTION|>")),

        // Llama 3
        (["<|start_header_id|>", "\"parameters\": "], [], new JsonCalls("<|python_tag|>", null) { IsBare = true }),
    ];

    private static readonly (string Open, string Close)[] s_reasoning =
    [
        ("<think>", "</think>"),
        ("<seed:think>", "</seed:think>"),
        ("[THINK]", "[/THINK]"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|channel>thought", "<channel|>"),
        ("<|inner_prefix|>", "<|inner_suffix|>"),
    ];

    private static string[] DeepSeekSection => ["<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"];

    private static NamedCalls DeepSeek => new("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>");

    private static LiteralCalls LiquidCalls => new("<|tool_call_start|>", "<|tool_call_end|>");

    /// <summary>Finds the format of a template by its marks. Returns null if it has none.</summary>
    public static AnswerFormat? Find(string template)
    {
        if (Has(template, "<|channel|>", "<|message|>"))
        {
            return new HarmonyAnswer();
        }

        (string[]? _, string[]? ignored, CallSyntax? calls) = s_calls.FirstOrDefault(family => Has(template, family.Marks));
        (string Open, string Close) reasoning = s_reasoning.FirstOrDefault(pair => Has(template, pair.Close));
        return calls is null && reasoning.Open is null
            ? null
            : new MarkedAnswer(reasoning.Open is null ? null : reasoning, calls, ignored ?? []);
    }

    private static bool Has(string template, params IEnumerable<string> marks) =>
        marks.All(mark => template.Contains(mark, StringComparison.Ordinal));

    private static TaggedCalls FunctionTags(string open, string close) => new(open, close)
    {
        Name = ("<function=", ">"),
        Key = ("<parameter=", ">"),
        Value = ("", "</parameter>"),
        End = "</function>",
    };
}
