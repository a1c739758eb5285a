using System;
using System.Globalization;
using System.Text;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Chat;

/// <summary>
/// Breaks the lines of a streamed text between words, so that the terminal breaks no word. A word that may still grow past the right edge
/// is held back until it ends. Lines of code (in a fence, or indented by a tab or four spaces) and words wider than a row are left to the
/// terminal.
/// </summary>
/// <remarks>
/// The text keeps all its characters except blanks that have no room at the end of a row: a line break replaces these. Chinese and
/// Japanese, which use no blanks, are broken between characters, but not before closing or after opening punctuation.
/// </remarks>
internal sealed class WordWrapper
{
    private const int TabCells = 8;

    private readonly TerminalFilter _filter = new();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _word = new(); // held back
    private LineKind _line;
    private Rune _last = new(' ');
    private int _wordCells;
    private int _column;
    private int _width;
    private bool _rowHasWord; // a complete one
    private bool _isFreeWord; // the present word began its row: its characters need not wait

    /// <summary>Adds the next piece of the text.</summary>
    /// <param name="piece">Any part of the text; may end in the middle of a surrogate pair.</param>
    /// <param name="width">The current width of the terminal in columns.</param>
    /// <returns>The text to write now, safe for a terminal.</returns>
    public string Apply(string piece, int width)
    {
        if (_column > width)
        {
            _column %= width; // a terminal that became narrower has broken the row
        }

        _width = width;
        foreach (Rune rune in _filter.Apply(piece).EnumerateRunes())
        {
            Add(rune);
        }

        return TakeOutput();
    }

    /// <summary>Ends the text; the next piece begins a new one at the left edge.</summary>
    /// <returns>The word that was held back, if any.</returns>
    public string End()
    {
        EndLine();
        _line = new LineKind();
        return TakeOutput();
    }

    private void Add(Rune rune)
    {
        if (rune.Value == '\n')
        {
            EndLine();
            _output.Append('\n');
            return;
        }

        _line.Add(rune);
        if (_line.IsCode)
        {
            EndWord();
            Pass(rune, CellsOf(rune));
        }
        else if (IsBlank(rune))
        {
            EndWord();
            AddBlank(rune);
        }
        else
        {
            AddToWord(rune);
        }

        _last = rune;
    }

    private void AddBlank(Rune rune)
    {
        int cells = CellsOf(rune);
        if (_column + cells <= _width)
        {
            Pass(rune, cells);
        }
        else
        {
            _column = _width; // no room: the next word begins a row
        }
    }

    private void AddToWord(Rune rune)
    {
        if (MayBreak(_last, rune))
        {
            EndWord();
        }

        int cells = CellsOf(rune);
        if (_isFreeWord || !_rowHasWord)
        {
            _isFreeWord = true;
            Pass(rune, cells);
            return;
        }

        _word.Append(rune.ToString());
        _wordCells += cells;
        if (_column + _wordCells > _width)
        {
            _output.Append('\n');
            _column = 0;
            ReleaseWord();
            _rowHasWord = false;
            _isFreeWord = true;
        }
    }

    private void EndWord()
    {
        _rowHasWord |= _isFreeWord || _word.Length > 0;
        _isFreeWord = false;
        ReleaseWord();
    }

    private void EndLine()
    {
        EndWord();
        _line.End();
        _column = 0;
        _rowHasWord = false;
        _last = new Rune(' ');
    }

    private void ReleaseWord()
    {
        _output.Append(_word);
        _column += _wordCells;
        _word.Clear();
        _wordCells = 0;
    }

    /// <summary>Writes a character that the terminal may put into the next row.</summary>
    private void Pass(Rune rune, int cells)
    {
        _output.Append(rune.ToString());
        _column = _column + cells > _width ? cells : _column + cells;
    }

    private string TakeOutput()
    {
        string text = _output.ToString();
        _output.Clear();
        return text;
    }

    private int CellsOf(Rune rune) => rune.Value == '\t' ? TabCells - (_column % TabCells) : ScreenCell.CellsOf(rune);

    private static bool IsBlank(Rune rune) => Rune.IsWhiteSpace(rune) && rune.Value is not (0x00A0 or 0x2007 or 0x202F); // no-break spaces

    private static bool MayBreak(Rune before, Rune after) =>
        (IsIdeograph(before) || IsIdeograph(after)) && !IsOpening(before) && !IsBoundToTheLeft(after);

    /// <summary>Gets whether a character is a letter of a script without blanks between words; Hangul has blanks.</summary>
    private static bool IsIdeograph(Rune rune) =>
        Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherLetter && ScreenCell.CellsOf(rune) == 2
        && rune.Value is not ((>= 0x1100 and <= 0x11FF) or (>= 0xAC00 and <= 0xD7FF));

    private static bool IsOpening(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.OpenPunctuation or UnicodeCategory.InitialQuotePunctuation;

    /// <summary>Gets whether a character never begins a row: closing punctuation, combining marks and modifier letters.</summary>
    private static bool IsBoundToTheLeft(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.ClosePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.ModifierLetter or UnicodeCategory.Format;

    /// <summary>Detects whether a line of Markdown is code, from its first characters and the preceding lines.</summary>
    private struct LineKind
    {
        private const int CodeIndent = 4;
        private const int LeastFence = 3;

        private int _fence; // the character of the fence around the line, or 0
        private int _fenceLength;
        private int _indent;
        private int _run; // characters of a fence at the line's start
        private int _runCharacter;
        private bool _isKnown;

        /// <summary>Gets whether the line is code, judged by its characters so far.</summary>
        public bool IsCode { get; private set; }

        /// <summary>Adds the next character of the line.</summary>
        public void Add(Rune rune)
        {
            if (_isKnown)
            {
                return;
            }

            if (_run == 0 && rune.Value is ' ' or '\t')
            {
                _indent += rune.Value == '\t' ? CodeIndent : 1;
            }
            else if (rune.Value is '`' or '~' && _indent < CodeIndent && (_run == 0 || rune.Value == _runCharacter))
            {
                _runCharacter = rune.Value;
                _run++;
                IsCode |= _run >= LeastFence;
            }
            else
            {
                Conclude();
                IsCode |= _indent >= CodeIndent;
            }
        }

        /// <summary>Ends the line.</summary>
        public void End()
        {
            if (!_isKnown)
            {
                Conclude();
            }

            IsCode = _fence != 0;
            _indent = _run = 0;
            _isKnown = false;
        }

        private void Conclude()
        {
            _isKnown = true;
            if (_run < LeastFence)
            {
                return;
            }

            if (_fence == 0)
            {
                (_fence, _fenceLength) = (_runCharacter, _run);
            }
            else if (_runCharacter == _fence && _run >= _fenceLength)
            {
                _fence = 0;
            }
        }
    }
}
