using System;
using System.Collections.Generic;
using EdgeRuntime.Cli.Terminal;
using Spectre.Console.Rendering;

namespace EdgeRuntime.Cli.Chat;

/// <summary>Reads lines from a terminal, with the keys of a shell (arrows, Home, End, Ctrl-A E U K W D) and a history.</summary>
internal sealed class LineEditor(TerminalConsole console) : ILineSource
{
    private readonly List<string> _history = [];
    private readonly LineBuffer _line = new();
    private string _prompt = "";
    private string _drawn = ""; // what is in front of the cursor on the screen, the prompt included

    /// <inheritdoc/>
    public bool TakesControlC => true;

    /// <inheritdoc/>
    public Line Read(string prompt)
    {
        _prompt = prompt;
        _drawn = "";
        _line.Set("");
        int recalled = _history.Count;
        bool controlC = Console.TreatControlCAsInput;
        Console.TreatControlCAsInput = true;
        try
        {
            while (true)
            {
                Draw();
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                if (End(key) is { } end)
                {
                    _line.MoveEnd();
                    Draw();
                    console.Write([Segment.LineBreak]);
                    if (end == LineEnd.Entered)
                    {
                        Remember(_line.Text);
                    }

                    return new Line(_line.Text, end);
                }

                Edit(key, ref recalled);
            }
        }
        finally
        {
            Console.TreatControlCAsInput = controlC;
        }
    }

    private LineEnd? End(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        return key.Key switch
        {
            ConsoleKey.Enter => LineEnd.Entered,
            ConsoleKey.J when control => LineEnd.Entered,
            ConsoleKey.C when control => LineEnd.Interrupted,
            ConsoleKey.D when control && _line.Text.Length == 0 => LineEnd.EndOfInput,
            _ => null,
        };
    }

    private void Edit(ConsoleKeyInfo key, ref int recalled)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow: _line.MoveLeft(); break;
            case ConsoleKey.RightArrow: _line.MoveRight(); break;
            case ConsoleKey.Home: _line.MoveHome(); break;
            case ConsoleKey.End: _line.MoveEnd(); break;
            case ConsoleKey.UpArrow: Recall(recalled - 1, ref recalled); break;
            case ConsoleKey.DownArrow: Recall(recalled + 1, ref recalled); break;
            case ConsoleKey.Backspace: _line.Backspace(); break;
            case ConsoleKey.Delete: _line.Delete(); break;
            case ConsoleKey.H when control: _line.Backspace(); break;
            case ConsoleKey.D when control: _line.Delete(); break;
            case ConsoleKey.A when control: _line.MoveHome(); break;
            case ConsoleKey.E when control: _line.MoveEnd(); break;
            case ConsoleKey.B when control: _line.MoveLeft(); break;
            case ConsoleKey.F when control: _line.MoveRight(); break;
            case ConsoleKey.U when control: _line.DeleteToStart(); break;
            case ConsoleKey.K when control: _line.DeleteToEnd(); break;
            case ConsoleKey.W when control: _line.DeleteWord(); break;
            case ConsoleKey.P when control: Recall(recalled - 1, ref recalled); break;
            case ConsoleKey.N when control: Recall(recalled + 1, ref recalled); break;
            case ConsoleKey.Tab: _line.Insert("    "); break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _line.Insert(key.KeyChar.ToString());
                }

                break;
        }
    }

    private void Recall(int index, ref int recalled)
    {
        if (index >= 0 && index <= _history.Count)
        {
            recalled = index;
            _line.Set(index < _history.Count ? _history[index] : "");
        }
    }

    private void Remember(string text)
    {
        if (text.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != text))
        {
            _history.Add(text);
        }
    }

    /// <summary>Redraws the prompt and the text, and puts the cursor in its place, which may be on any row.</summary>
    private void Draw()
    {
        // The text ends with half of a surrogate pair: the other half follows at once.
        if (_line.Cursor > 0 && char.IsHighSurrogate(_line.Text[_line.Cursor - 1]))
        {
            return;
        }

        // A resized terminal has wrapped the old rows again at its new width.
        int width = Math.Max(Console.WindowWidth, 2);
        string before = TerminalFilter.Show(_prompt + _line.Text[.._line.Cursor]);
        string whole = TerminalFilter.Show(_prompt + _line.Text);
        int oldRow = ScreenCell.Behind(_drawn, width).Row;
        ScreenCell cursor = ScreenCell.Behind(before, width);
        ScreenCell end = ScreenCell.Behind(whole, width);
        List<Segment> screen = [Segment.Control("\r"), Segment.Control(Move(oldRow, 'A')), Segment.Control("\e[J"), new Segment(whole)];
        if (end.Row > 0 && end.Column == 0)
        {
            // After a full row the cursor stays at the right edge; it moves to the next row only with more text.
            screen.Add(Segment.LineBreak);
        }

        screen.Add(Segment.Control("\r" + Move(end.Row - cursor.Row, 'A') + Move(cursor.Column, 'C')));
        _drawn = before;
        console.Write(screen);
    }

    /// <summary>Gets the escape sequence that moves the cursor up (A) or right (C); empty for a distance of 0.</summary>
    private static string Move(int cells, char direction) => cells > 0 ? $"\e[{cells}{direction}" : "";
}
