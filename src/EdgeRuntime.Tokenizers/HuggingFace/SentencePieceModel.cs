using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using EdgeRuntime.Files;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>
/// Reads a SentencePiece model (<c>tokenizer.model</c>): a protocol buffer with the pieces, their scores and their types.
/// </summary>
internal static class SentencePieceModel
{
    private const int MaxBytes = 64 << 20;

    // The numbers of the fields in sentencepiece_model.proto.
    private const int PieceField = 1;
    private const int TrainerField = 2;
    private const int NormalizerField = 3;
    private const int ModelTypeField = 3;
    private const int AddsPrefixField = 3;
    private const int MergesSpacesField = 4;
    private const int CharsMapField = 2;
    private const int BytePairs = 2;

    /// <summary>Reads the model and the tokens that the other files add.</summary>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind that is not supported.</exception>
    public static TokenizerDescription Read(TokenizerFiles files, string path)
    {
        var pieces = new PieceList();
        int modelType = 1;
        bool prefixes = true;
        bool mergesSpaces = true;
        byte[] charsMap = [];
        var message = new Message(path, RegularFile.ReadBytes(path, MaxBytes));
        while (message.Next(out int field))
        {
            switch (field)
            {
                case PieceField:
                    AddPiece(message.GetMessage(), pieces);
                    break;
                case TrainerField:
                    modelType = (int)message.GetMessage().FindNumber(ModelTypeField, 1);
                    break;
                case NormalizerField:
                    Message normalizer = message.GetMessage();
                    prefixes = normalizer.FindNumber(AddsPrefixField, 1) != 0;
                    mergesSpaces = normalizer.FindNumber(MergesSpacesField, 1) != 0;
                    charsMap = normalizer.FindBytes(CharsMapField);
                    break;
            }
        }

        if (modelType is not (1 or BytePairs))
        {
            throw new UnsupportedModelException(
                $"{path}: the model type {modelType} is not supported; supported are 1 (unigram) and 2 (BPE)");
        }

        return Describe(files, pieces, modelType == BytePairs, prefixes, mergesSpaces, charsMap);
    }

    private static TokenizerDescription Describe(
        TokenizerFiles files, PieceList pieces, bool isBytePairs, bool prefixes, bool mergesSpaces, byte[] charsMap)
    {
        AddTokens(files, pieces);
        TokenizerReader.Complete(pieces, files);
        Dictionary<string, bool> flags = isBytePairs
            ? prefixes ? [] : new() { ["add_space_prefix"] = false }
            : new() { ["add_space_prefix"] = prefixes, ["remove_extra_whitespaces"] = mergesSpaces };
        return new TokenizerDescription
        {
            Model = isBytePairs ? "llama" : "t5",
            Pieces = pieces.GetTexts(),
            Types = pieces.GetTypes(),
            Scores = pieces.GetScores(),
            Flags = flags,
            CharsMap = isBytePairs ? [] : charsMap,
        };
    }

    private static void AddPiece(Message piece, PieceList pieces)
    {
        if (pieces.Count == PieceList.MaxTokens)
        {
            throw piece.Damaged($"at most {PieceList.MaxTokens} pieces");
        }

        (string text, float score, PieceType type) = ("", 0f, PieceType.Normal);
        while (piece.Next(out int field))
        {
            switch (field)
            {
                case 1:
                    text = Encoding.UTF8.GetString(piece.GetBytes());
                    break;
                case 2:
                    score = piece.GetSingle();
                    break;
                case 3:
                    // llama.cpp takes user-defined pieces as normal ones, unless other files add them.
                    type = (PieceType)piece.GetNumber() is var found && found == PieceType.UserDefined ? PieceType.Normal : found;
                    break;
            }
        }

        if (!Enum.IsDefined(type))
        {
            throw piece.Damaged("a type from 1 to 6");
        }

        pieces.Set(pieces.Count, text, type, score);
    }

    private static void AddTokens(TokenizerFiles files, PieceList pieces)
    {
        foreach ((string text, JsonField id) in files.ReadOther("added_tokens.json").Members())
        {
            pieces.Set(id.GetCount(PieceList.MaxTokens - 1), text, PieceType.UserDefined, -1000f);
        }

        foreach ((string key, JsonField token) in files.Settings["added_tokens_decoder"].Members())
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= PieceList.MaxTokens)
            {
                throw token.Wrong($"a token id below {PieceList.MaxTokens} as key");
            }

            pieces.SetAdded(id, token);
        }

        if (!files.Settings["added_tokens_decoder"].Exists)
        {
            pieces.SetAdded(files.Main["added_tokens"], pieces.FindUnknown());
        }
    }

    /// <summary>Reads the fields of a message of protocol buffers.</summary>
    private ref struct Message(string path, ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;
        private int _wire = -1; // of the value that follows; -1 for none

        /// <summary>Goes to the next field. The value of the current one must have been read, or it is skipped.</summary>
        public bool Next(out int field)
        {
            Skip();
            field = 0;
            if (_rest.IsEmpty)
            {
                return false;
            }

            ulong tag = ReadVarint();
            _wire = (int)(tag & 7);
            field = tag >> 3 <= int.MaxValue ? (int)(tag >> 3) : throw Damaged("a field number");
            return true;
        }

        public ulong GetNumber()
        {
            Require(0);
            return ReadVarint();
        }

        public float GetSingle()
        {
            Require(5);
            return BinaryPrimitives.ReadSingleLittleEndian(Take(4));
        }

        public ReadOnlySpan<byte> GetBytes()
        {
            Require(2);
            ulong length = ReadVarint();
            return Take(length <= (ulong)_rest.Length ? (int)length : throw Damaged("more bytes"));
        }

        public Message GetMessage() => new(path, GetBytes());

        public ulong FindNumber(int wanted, ulong fallback)
        {
            Message copy = this;
            while (copy.Next(out int field))
            {
                if (field == wanted)
                {
                    fallback = copy.GetNumber();
                }
            }

            return fallback;
        }

        public byte[] FindBytes(int wanted)
        {
            byte[] found = [];
            Message copy = this;
            while (copy.Next(out int field))
            {
                if (field == wanted)
                {
                    found = copy.GetBytes().ToArray();
                }
            }

            return found;
        }

        public readonly ModelFormatException Damaged(string expected) =>
            new(path, -1, $"is not a SentencePiece model: expected {expected}");

        private void Require(int wire)
        {
            if (_wire != wire)
            {
                throw Damaged($"a field of the wire type {wire}, found {_wire}");
            }

            _wire = -1;
        }

        private void Skip()
        {
            switch (_wire)
            {
                case -1:
                    break;
                case 0:
                    _ = GetNumber();
                    break;
                case 1:
                    _ = Take(8);
                    break;
                case 2:
                    _ = GetBytes();
                    break;
                case 5:
                    _ = Take(4);
                    break;
                default:
                    throw Damaged($"a known wire type, found {_wire}");
            }

            _wire = -1;
        }

        private ulong ReadVarint()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = Take(1)[0];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }

            throw Damaged("a number of at most 64 bits");
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
            {
                throw Damaged("more bytes");
            }

            ReadOnlySpan<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
