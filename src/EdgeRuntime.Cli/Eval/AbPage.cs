using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Html;

namespace EdgeRuntime.Cli.Eval;

/// <summary>
/// Writes the answers of two models as a page, side by side. A blind page shows neither names nor figures, has another order for each
/// prompt and takes votes, which it keeps in the browser and saves as a file.
/// </summary>
internal static class AbPage
{
    private const string Style =
        "section{border-top:2px solid #d5dae1;margin-top:1.5em;padding-top:.5em}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1em}"
        + "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f3f5f8;padding:.6em;margin:.3em 0;font-family:inherit}"
        + ".prompt{background:#fff;border-left:3px solid #2f6fb7}.votes{display:flex;gap:.5em;justify-content:center;margin:.5em 0}"
        + "button{font:inherit;padding:.3em 1em}button[aria-pressed=true]{background:#2f6fb7;color:#fff}"
        + "h3{margin:.6em 0 0;font-size:1em}";

    private const string Script = """
        "use strict";
        const run = document.getElementById("run").dataset;
        const key = "edgert-ab " + run.run + " " + run.seed;
        let votes = {};
        try { votes = JSON.parse(localStorage.getItem(key)) || {}; } catch { }
        const buttons = document.querySelectorAll("button[data-vote]");
        function show() {
          for (const button of buttons) {
            button.setAttribute("aria-pressed", String(votes[button.dataset.prompt] === button.dataset.vote));
          }
          document.getElementById("count").textContent = Object.keys(votes).length + " of " + run.prompts + " votes";
        }
        for (const button of buttons) {
          button.addEventListener("click", () => {
            const { prompt, vote } = button.dataset;
            if (votes[prompt] === vote) { delete votes[prompt]; } else { votes[prompt] = vote; }
            try { localStorage.setItem(key, JSON.stringify(votes)); } catch { }
            show();
          });
        }
        document.getElementById("save").addEventListener("click", () => {
          const list = Object.entries(votes).map(([prompt, vote]) => ({ prompt: Number(prompt), vote }));
          const file = { kind: "edgert-ab-votes", run: run.run, seed: run.seed, votes: list };
          const link = document.createElement("a");
          link.href = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: "application/json" }));
          link.download = "votes.json";
          link.click();
          URL.revokeObjectURL(link.href);
        });
        show();
        """;

    /// <summary>Writes the page.</summary>
    /// <param name="comparison">The answers of both models.</param>
    /// <param name="isBlind">Whether the page hides which answer is whose and takes votes.</param>
    /// <param name="output">Receives the page; the caller owns it.</param>
    public static void Write(AbComparison comparison, bool isBlind, TextWriter output)
    {
        // With \n on every system: the policy of the page names the hash of the script.
        var page = new HtmlPage(
            output, isBlind ? "Which answer is better?" : "Answers of two models", Style, isBlind ? Script.ReplaceLineEndings("\n") : null);
        if (isBlind)
        {
            WriteVoting(comparison, page);
        }
        else
        {
            WriteFigures(comparison, page);
        }

        for (int prompt = 0; prompt < comparison.Items.Count; prompt++)
        {
            WritePrompt(comparison, prompt, isBlind, page);
        }

        page.End();
    }

    private static void WriteVoting(AbComparison comparison, HtmlPage page)
    {
        page.Element("p",
            "Each prompt has the answers of two models, in an order of its own. Votes stay in this browser until they are saved as a file; "
            + "'edgert eval ab --votes FILE' counts them.");
        page.Begin("p", new("id", "run"), new("data-run", comparison.Order.Run), new("data-seed", Number(comparison.Order.Seed)),
            new("data-prompts", Number(comparison.Items.Count)));
        page.Element("button", "Save the votes", new HtmlAttribute("id", "save"));
        page.Element("span", "", new HtmlAttribute("id", "count"));
        page.End("p");
    }

    private static void WriteFigures(AbComparison comparison, HtmlPage page)
    {
        page.Table(
            [new("", IsText: true), new("A"), new("B")],
            comparison.Rows().Prepend((Title: "model", A: comparison.Models[0].Path, B: comparison.Models[1].Path))
                .Select(static row => (IEnumerable<HtmlCell>)[new(row.Title, IsText: true), new(row.A), new(row.B)]));
        foreach (string line in comparison.Lines())
        {
            page.Element("p", line);
        }
    }

    private static void WritePrompt(AbComparison comparison, int prompt, bool isBlind, HtmlPage page)
    {
        PromptItem item = comparison.Items[prompt];
        page.Begin("section");
        page.Element("h2", $"Prompt {Number(prompt + 1)}");
        page.Element("pre", item.Prompt, new HtmlAttribute("class", "prompt"));
        bool isSwapped = isBlind && comparison.Order.IsSwapped(prompt);
        page.Begin("div", new HtmlAttribute("class", "pair"));
        WriteAnswer(isBlind ? "Left" : "A", comparison.Models[isSwapped ? 1 : 0].Answers[prompt].Text, page);
        WriteAnswer(isBlind ? "Right" : "B", comparison.Models[isSwapped ? 0 : 1].Answers[prompt].Text, page);
        page.End("div");
        if (comparison.IsExactMatch(prompt))
        {
            page.Element("p", "Both answers are equal.");
        }

        if (isBlind)
        {
            WriteButtons(prompt, page);
        }

        foreach (string reference in item.References)
        {
            page.Element("h3", "Reference");
            page.Element("pre", reference);
        }

        page.End("section");
    }

    private static void WriteAnswer(string title, string text, HtmlPage page)
    {
        page.Begin("div");
        page.Element("h3", title);
        page.Element("pre", text);
        page.End("div");
    }

    private static void WriteButtons(int prompt, HtmlPage page)
    {
        page.Begin("div", new HtmlAttribute("class", "votes"));
        foreach ((string vote, string label) in ((string, string)[])
            [(AbVotes.Left, "Left is better"), (AbVotes.Same, "Equally good"), (AbVotes.Right, "Right is better")])
        {
            page.Element("button", label, new("data-prompt", Number(prompt)), new("data-vote", vote));
        }

        page.End("div");
    }

    private static string Number<T>(T value)
        where T : System.IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
