using System;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert render</c>: renders conversations with a chat template.</summary>
internal static class RenderCommand
{
    public static Command Create()
    {
        var template = new Argument<string>("template")
        {
            Description = "A Jinja template, or a .gguf file that contains one",
            HelpName = "FILE",
        };
        var cases = new Option<string>("--cases")
        {
            Description = "JSON with 'cases' (name to variables: messages, tools, add_generation_prompt ...) and 'globals' "
                + "(variables of every case)",
            HelpName = "FILE",
            Required = true,
        };
        Option<string?> now = OptionFactory.Text(
            "--now", [], "The time that strftime_now returns, such as 2024-07-26T09:05:00 [default: the clock]", "TIME");
        Option<bool> verbose = OptionFactory.Switch(
            "--verbose", ["-v"], "Write the template's line of each error, and stack traces, to standard error");
        var command = new Command("render", "Renders a chat template and prints one JSON object: case name to {\"output\"} or {\"error\"}.")
        {
            template, cases, now, verbose,
        };
        command.SetAction(parsed =>
        {
            string source = ReadTemplate(parsed.GetRequiredValue(template));
            JsonObject results = Render(source, parsed.GetRequiredValue(cases), ParseTime(parsed.GetValue(now)), parsed.GetValue(verbose));
            using var output = new StandardOutput();
            JsonText.Write(results, output);
            return 0;
        });
        return command;
    }

    private static string ReadTemplate(string path)
    {
        if (!path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            return UserFile.ReadText(path);
        }

        using GgufFile file = GgufFile.Open(ModelLocator.Find(path));
        string template = file.Metadata.GetString("tokenizer.chat_template", string.Empty);
        return template.Length > 0 ? template : throw new CommandException($"{path}: has no chat template (tokenizer.chat_template)");
    }

    private static DateTimeOffset? ParseTime(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new UsageException($"--now {text}: expected a time such as 2024-07-26T09:05:00");
    }

    private static JsonObject Render(string source, string casesPath, DateTimeOffset? now, bool verbose)
    {
        using JsonDocument document = JsonText.ReadFile(casesPath);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("cases", out JsonElement cases) || cases.ValueKind != JsonValueKind.Object)
        {
            throw new CommandException($"{casesPath}: expected an object with 'cases', an object from name to variables");
        }

        JsonElement globals = document.RootElement.TryGetProperty("globals", out JsonElement found) ? found : default;
        var results = new JsonObject();
        foreach (JsonProperty @case in cases.EnumerateObject())
        {
            if (@case.Value.ValueKind != JsonValueKind.Object)
            {
                throw new CommandException(
                    $"{casesPath}: case '{@case.Name}': expected an object of variables, found {@case.Value.ValueKind}");
            }

            try
            {
                string output = ChatTemplate.Parse(source).Render(Variables(globals, @case.Value), now);
                results[@case.Name] = new JsonObject { ["output"] = output };
            }
            catch (ChatTemplateException exception)
            {
                // The result has the reason alone, which can be compared with Jinja's; the line number helps the template's author.
                results[@case.Name] = new JsonObject { ["error"] = exception.Reason };
                if (verbose)
                {
                    Console.Error.WriteLine(OneLine.Message($"{@case.Name}: {exception.Message}"));
                }
            }
        }

        return results;
    }

    private static JsonObject Variables(JsonElement globals, JsonElement @case)
    {
        var variables = new JsonObject();
        foreach (JsonElement element in (JsonElement[])[globals, @case])
        {
            if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    variables[property.Name] = JsonNode.Parse(property.Value.GetRawText());
                }
            }
        }

        return variables;
    }
}
