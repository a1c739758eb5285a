using EdgeRuntime.Fakes;

return EdgeRuntime.Cli.Program.Run(args, [new FakeBackend()]);
