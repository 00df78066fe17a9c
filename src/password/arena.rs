pub(super) use argon2::Block;
use memmap2::MmapMut;

use super::scheme::Chunk;

/// What hashes work in: nothing, until it is asked for.
#[derive(Default)]
pub(super) struct Arena {
    blocks: Vec<Block>,
    /// Of its own from the kernel, so that it goes back there at once.
    chunks: Option<MmapMut>,
}

impl Arena {
    /// Argon2's blocks: so many, if there were none yet. `None` when the allocator has no memory.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.blocks.is_empty() {
            self.blocks.try_reserve_exact(count.max(MAPPED / size_of::<Block>())).ok()?;
            self.blocks.resize(count, Block::new());
        }
        Some(&mut self.blocks)
    }

    /// scrypt's chunks, as [`blocks`](Self::blocks).
    pub(super) fn chunks(&mut self, count: usize) -> Option<&mut [Chunk]> {
        if self.chunks.is_none() {
            let map = MmapMut::map_anon(count.checked_mul(size_of::<Chunk>())?).ok()?;
            // Where the kernel has neither, all works without.
            #[cfg(target_os = "linux")]
            for advice in [memmap2::Advice::HugePage, memmap2::Advice::DontDump] {
                let _ = map.advise(advice);
            }
            self.chunks = Some(map);
        }
        self.chunks.as_mut().map(|map| map.as_chunks_mut().0)
    }

    /// Erases the first so many of the blocks and of the chunks.
    pub(super) fn wipe(&mut self, (blocks, chunks): (usize, usize)) {
        let used = blocks.min(self.blocks.len());
        self.blocks.get_mut(..used).unwrap_or_default().fill(Block::new());
        zeroize::optimization_barrier(self.blocks.as_slice());
        if let Some(map) = &mut self.chunks {
            let (all, _) = map.as_chunks_mut::<64>();
            let used = chunks.min(all.len());
            all.get_mut(..used).unwrap_or_default().fill([0; 64]);
            zeroize::optimization_barrier(&**map);
        }
    }

    /// Blocks and chunks.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.blocks.len(), self.chunks.as_ref().map_or(0, |map| map.len() / size_of::<Chunk>()))
    }
}

/// Bytes that are reserved at least, of which only those in use take memory: an allocation above 32 MiB comes from the
/// kernel and goes back there, where glibc would keep smaller ones, for each thread some.
const MAPPED: usize = 33 << 20;
