using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Onnx.Cache;

/// <summary>What a cached folder was made of and for. The content of the model is checked besides.</summary>
/// <param name="ModelPath">The full path of the model's first file.</param>
/// <param name="Runtime">The version of ONNX Runtime.</param>
/// <param name="Profile">The device.</param>
internal sealed record CacheKey(string ModelPath, Version Runtime, OnnxProfile Profile)
{
    /// <summary>Increased when the exporter writes other folders for the same model and profile.</summary>
    private const int ExporterVersion = 2;

    /// <summary>Gets the profile in words: every setting that changes what the exporter writes.</summary>
    public string ProfileText { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"{Profile.Name}: version {ExporterVersion}, float16 {Profile.UsesFloat16}, accuracy {Profile.AccuracyLevel}, "
        + $"rope {Profile.FusesRope}, packed {Profile.PacksQueryKeyValue}, zero points {Profile.NamesZeroPoints}, "
        + $"lookup {Profile.LooksUpQuantizedRows}, attention {Profile.HasAttentionOptions}, bits {string.Join('/', Profile.Bits)}, "
        + $"blocks {Profile.LeastTwoBitBlock}-{Profile.GreatestBlock}");

    /// <summary>Gets the name of the folder of this key.</summary>
    public string FolderName
    {
        get
        {
            const int LongestStem = 40;
            string stem = Path.GetFileNameWithoutExtension(ModelPath);
            stem = new string([.. stem.Where(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.').Take(LongestStem)]);
            ulong hash = Checksum.Compute(Encoding.UTF8.GetBytes($"{ModelPath}\n{Runtime}\n{ProfileText}"));
            return string.Create(CultureInfo.InvariantCulture, $"{stem}-{Profile.Name}-{hash:x16}");
        }
    }
}
