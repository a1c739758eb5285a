using System.Globalization;
using BenchmarkDotNet.Running;
using EdgeRuntime.Benchmarks;

// For example: --filter '*Gemm*', or '*Gemv*'; --help has the rest. plots FOLDER draws the plots of a folder of docs/benchmarks.
// sharing MODEL measures sessions that share a model. onnx start|decode MODEL ROUNDS compares with ONNX Runtime and its GenAI.
if (args is ["plots", var folder])
{
    RooflinePlots.Draw(folder);
}
else if (args is ["sharing", var model])
{
    SharingBenchmark.Run(model);
}
else if (args is ["onnx", "start" or "decode", var ggufPath, var rounds])
{
    OnnxBenchmark.Run(ggufPath, args[1], int.Parse(rounds, CultureInfo.InvariantCulture));
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(KernelConfig).Assembly).Run(args, new KernelConfig());
}
