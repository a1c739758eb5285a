using System;
using System.Threading;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Content of the data file of a model, which is written when all parts are known. A part may have several ranges.</summary>
internal interface IDataPart
{
    /// <summary>Writes the content of all ranges.</summary>
    /// <param name="target">Receives the content.</param>
    /// <param name="written">Is told the bytes that were written since the last call.</param>
    /// <param name="cancellationToken">Stops writing.</param>
    void Write(IDataTarget target, Action<long> written, CancellationToken cancellationToken);
}
