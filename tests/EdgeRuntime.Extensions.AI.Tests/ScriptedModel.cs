using System;
using System.Linq;
using System.Text;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;

namespace EdgeRuntime.Extensions.AI.Tests;

/// <summary>A model on a fake engine whose answers can be given, with a template that knows tools and reasoning.</summary>
internal sealed class ScriptedModel : IDisposable
{
    // The marks in the comment tell the format of answers.
    private const string Template =
        "{# <tool_call> <think> </think> #}{% for t in tools or [] %}<{{ t.function.name }} "
        + "{{ t.function.parameters.properties|list|join(',') }}>{% endfor %}"
        + "{% for m in messages %}[{{ m.role }}:{% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}{{ m.content }}"
        + "{% for c in m.tool_calls or [] %}!{{ c.function.name }}({{ c.function.arguments.city }}){% endfor %}]{% endfor %}"
        + "{% if add_generation_prompt %}[assistant:{% endif %}";

    public ScriptedModel(string template = Template, int contextLength = 2048)
    {
        Engine = new FakeEngine(MarkTokenizer.Size, contextLength, StateAbilities.Truncate);
        Model = LanguageModel.Create(Engine, new MarkTokenizer(), ChatTemplate.Parse(template), path: "folder/scripted.gguf");
    }

    public FakeEngine Engine { get; }

    public LanguageModel Model { get; }

    /// <summary>Gets the number of tokens in a text without marks.</summary>
    public static int Count(string text) => FakeTokenizer.Ids(text).Length;

    /// <summary>Gets the number of tokens in the prompt for these messages.</summary>
    public static int CountPrompt(string messages) => Count(messages + "[assistant:") + 1;

    /// <summary>Sets the next answers. The marks of tool calls in them are control tokens.</summary>
    public void Answer(params string[] answers)
    {
        foreach (int id in answers.SelectMany(answer => MarkTokenizer.Ids(answer).Append(1)))
        {
            Engine.Script.Enqueue(id);
        }
    }

    public void Dispose() => Model.Dispose();

    /// <summary>The fake tokenizer, and two control tokens.</summary>
    private sealed class MarkTokenizer : Tokenizer
    {
        private const int Open = FakeTokenizer.VocabularySizeOf, Close = Open + 1;

        private readonly FakeTokenizer _bytes = new();

        public const int Size = Close + 1;

        public override int VocabularySize => Size;

        public override int? BeginOfSequence => 0;

        public override int? EndOfSequence => 1;

        public static int[] Ids(string text) =>
        [
            .. text.Replace("<tool_call>", "\u0001", StringComparison.Ordinal).Replace("</tool_call>", "\u0002", StringComparison.Ordinal)
                .SelectMany(character => character switch
                {
                    '\u0001' => [Open],
                    '\u0002' => [Close],
                    _ => FakeTokenizer.Ids($"{character}"),
                }),
        ];

        public override bool IsEndOfGeneration(int token) => token == 1;

        public override bool IsControl(int token) => token >= Open || _bytes.IsControl(token);

        public override int[] Encode(PromptText text, bool addSpecial = true) => _bytes.Encode(text, addSpecial);

        public override ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false) => token < Open
            ? _bytes.GetPieceBytes(token, special)
            : special ? Encoding.UTF8.GetBytes(token == Open ? "<tool_call>" : "</tool_call>") : [];

        public override string Decode(ReadOnlySpan<int> tokens, bool special = false)
        {
            byte[] bytes = [];
            foreach (int token in tokens)
            {
                bytes = [.. bytes, .. GetPieceBytes(token, special)];
            }

            return Encoding.UTF8.GetString(bytes);
        }

        public override TokenStreamDecoder CreateStreamDecoder(bool continuesText = false) =>
            new StreamDecoder(_bytes.CreateStreamDecoder(continuesText));

        private sealed class StreamDecoder(TokenStreamDecoder bytes) : TokenStreamDecoder
        {
            public override string Append(int token) => token < Open ? bytes.Append(token) : "";

            public override string Flush() => bytes.Flush();
        }
    }
}
