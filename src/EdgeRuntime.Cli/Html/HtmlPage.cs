using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using EdgeRuntime.Cli.Terminal;
using OxyPlot;

namespace EdgeRuntime.Cli.Html;

/// <summary>An attribute of an element.</summary>
internal readonly record struct HtmlAttribute(string Name, string Value);

/// <summary>A cell of a table.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsText">Whether it is aligned as text and not as a number.</param>
/// <param name="Shade">The strength of the background, 0 to 1.</param>
internal readonly record struct HtmlCell(string Text, bool IsText = false, double Shade = 0);

/// <summary>
/// Writes a self-contained page, which loads nothing: tables, plots (SVG by OxyPlot) and elements with text. Every text and every attribute
/// is escaped, and a policy in the page lets no other script run than the one of the page.
/// </summary>
internal sealed class HtmlPage
{
    private const string CommonStyle =
        "body{font:15px/1.5 system-ui,sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#1c2430}"
        + "table{border-collapse:collapse;font-size:13px}td,th{padding:.25em .7em;border-bottom:1px solid #d5dae1;text-align:right}"
        + "td.text,th.text{text-align:left}.scroll{overflow-x:auto}svg text{font-family:Arial,Helvetica,sans-serif}"
        + "svg{max-width:100%;height:auto}";

    private readonly TextWriter _output;
    private readonly string? _script;

    /// <summary>Begins the page.</summary>
    /// <param name="output">Receives the page; the caller owns it.</param>
    /// <param name="title">The title, which is the first heading too.</param>
    /// <param name="style">More rules of style, a constant of the program.</param>
    /// <param name="script">The script at the end of the page, a constant of the program; null for none.</param>
    public HtmlPage(TextWriter output, string title, string style = "", string? script = null)
    {
        _output = output;
        _script = script;
        string source = script is null ? "" : $";script-src 'sha256-{Hash(script)}'";
        output.Write("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        output.Write($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'{source}\">");
        output.Write($"<title>{Encode(title)}</title><style>{CommonStyle}{style}</style></head><body>\n");
        Element("h1", title);
    }

    /// <summary>
    /// Escapes a text. Characters that control a terminal or falsify the display of text, such as changes of direction, are shown instead.
    /// </summary>
    public static string Encode(string text) => WebUtility.HtmlEncode(TerminalFilter.Show(text));

    /// <summary>Writes an element with a text.</summary>
    public void Element(string name, string text, params ReadOnlySpan<HtmlAttribute> attributes)
    {
        WriteTag(name, attributes);
        _output.Write($"{Encode(text)}</{name}>\n");
    }

    /// <summary>Begins an element that contains others.</summary>
    public void Begin(string name, params ReadOnlySpan<HtmlAttribute> attributes)
    {
        WriteTag(name, attributes);
        _output.Write('\n');
    }

    /// <summary>Ends an element.</summary>
    public void End(string name) => _output.Write($"</{name}>\n");

    /// <summary>Writes a table.</summary>
    /// <param name="header">The cells of the header.</param>
    /// <param name="rows">The cells of each row.</param>
    public void Table(IEnumerable<HtmlCell> header, IEnumerable<IEnumerable<HtmlCell>> rows)
    {
        _output.Write($"<div class=\"scroll\"><table><tr>{Cells("th", header)}</tr>\n");
        foreach (IEnumerable<HtmlCell> row in rows)
        {
            _output.Write($"<tr>{Cells("td", row)}</tr>\n");
        }

        _output.Write("</table></div>\n");
    }

    /// <summary>Draws a plot.</summary>
    /// <param name="plot">The plot.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    public void Plot(PlotModel plot, int width, int height)
    {
        string drawing = new SvgExporter { Width = width, Height = height, IsDocument = false }.ExportToString(plot);
        if (plot.GetLastPlotException() is { } exception)
        {
            throw new InvalidOperationException("a plot can't be drawn", exception); // the library would show it in the plot
        }

        _output.Write(drawing + "\n");
    }

    /// <summary>Ends the page.</summary>
    public void End() => _output.Write((_script is null ? "" : $"<script>{_script}</script>") + "</body></html>\n");

    private static string Hash(string script) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));

    private static string Cells(string name, IEnumerable<HtmlCell> cells) => string.Concat(cells.Select(cell =>
    {
        string style = cell.Shade > 0
            ? FormattableString.Invariant($" style=\"background:rgba(224,108,32,{Math.Min(cell.Shade, 1):F2})\"")
            : "";
        return $"<{name}{(cell.IsText ? " class=\"text\"" : "")}{style}>{Encode(cell.Text)}</{name}>";
    }));

    private void WriteTag(string name, ReadOnlySpan<HtmlAttribute> attributes)
    {
        _output.Write($"<{name}");
        foreach (HtmlAttribute attribute in attributes)
        {
            _output.Write($" {attribute.Name}=\"{Encode(attribute.Value)}\"");
        }

        _output.Write('>');
    }
}
