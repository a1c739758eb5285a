namespace EdgeRuntime.Threading;

/// <summary>The exception that unwinds the threads of a team after another thread has failed. It never leaves the pool.</summary>
internal sealed class TeamFaultException() : EdgeRuntimeException("another thread of the team has failed");
