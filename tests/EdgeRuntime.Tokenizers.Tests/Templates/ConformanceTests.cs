using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json.Nodes;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Templates of published models, against what Jinja2 with the settings of HF transformers makes of them.</summary>
public sealed class ConformanceTests
{
    private const string Folder = "conformance/chat-templates";

    // The time at which the reference was made.
    private static readonly DateTimeOffset Now = new(2024, 7, 26, 9, 5, 0, TimeSpan.Zero);

    public static TheoryData<string, string> Cases()
    {
        var rows = new TheoryData<string, string>();
        foreach (JsonNode? expected in Load()["expected"]!.AsArray())
        {
            rows.Add((string)expected!["template"]!, (string)expected["case"]!);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Render_PublishedTemplate_EqualsJinja2(string template, string name)
    {
        string path = SharedData.Require($"{Folder}/{template}");
        JsonObject file = Load();
        var one = new JsonObject
        {
            ["globals"] = file["globals"]!.DeepClone(),
            ["cases"] = new JsonObject { [name] = file["cases"]![name]!.DeepClone() },
        };

        JsonObject results = TemplateCases.Render(ChatTemplate.Parse(File.ReadAllText(path)), one, Now);

        JsonNode expected = Find(file, template, name);
        Assert.Equal((string?)expected["output"], (string?)results[name]!["output"]);
        Assert.Equal((string?)expected["error"], (string?)results[name]!["error"]);
    }

    [Fact]
    public void Render_SmolLM2_EqualsGoldenPrompts()
    {
        // The template of the bundled model, as its file has it.
        const string template =
            "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
            + "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
            + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
        string path = SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.golden.json");
        ChatTemplate parsed = ChatTemplate.Parse(template);
        foreach (JsonNode? conversation in JsonNode.Parse(File.ReadAllText(path))!.AsArray())
        {
            var messages = new List<ModelMessage>();
            foreach (JsonNode? message in conversation!["messages"]!.AsArray())
            {
                messages.Add(new ModelMessage((string)message!["role"]!, (string)message["content"]!));
            }

            Assert.Equal((string)conversation["prompt"]!, parsed.RenderMessages(messages));
        }
    }

    private static JsonObject Load() => JsonNode.Parse(File.ReadAllText(SharedData.Require($"{Folder}/cases.json")))!.AsObject();

    private static JsonNode Find(JsonObject file, string template, string name)
    {
        foreach (JsonNode? expected in file["expected"]!.AsArray())
        {
            if ((string)expected!["template"]! == template && (string)expected["case"]! == name)
            {
                return expected;
            }
        }

        throw new InvalidOperationException($"{template}, {name}");
    }
}
