namespace EdgeRuntime.Modules;

/// <summary>
/// The keys that an indexer chooses for each row of a batch. The layers that share a selection attend to the same keys, until an indexer of
/// a later layer chooses anew.
/// </summary>
/// <param name="most">The number of keys that a row attends to at most.</param>
internal sealed unsafe class KeySelection(int most)
{
    private long _chosen;

    /// <summary>Gets the number of keys that a row attends to at most. A row that sees no more attends to all of them.</summary>
    public int Most { get; } = most;

    /// <summary>Gets whether a batch may have rows that see more keys than they attend to.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>Requests the memory of the selection, which outlives the stage.</summary>
    public void Plan(ScratchPlan scratch)
    {
        IsUsed = scratch.Size.Positions > Most;
        _chosen = IsUsed ? scratch.CarriedFloats(this, Most) : 0;
    }

    /// <summary>Gets whether a row sees more keys than it attends to.</summary>
    public bool Chooses(PassThread t, int row) => t.Position(row) >= Most;

    /// <summary>Gets the positions of the chosen keys of a row, in ascending order, [Most].</summary>
    public int* Chosen(PassThread t, int row) => (int*)t.Carried(_chosen) + ((long)row * Most);
}
