/// Lists of numbers, sorted, one after the other in one piece of memory.
#[derive(Debug)]
pub(super) struct Lists {
    /// Where each list begins; at the end, where the last one ends.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    pub(super) fn new() -> Self {
        Self { starts: vec![0], items: Vec::new() }
    }

    /// Adds a list, sorted and without what is in it twice.
    pub(super) fn push(&mut self, mut items: Vec<u32>) {
        items.sort_unstable();
        items.dedup();
        self.items.append(&mut items);
        self.starts.push(u32::try_from(self.items.len()).expect("a policy has a budget of 2^26 items"));
    }

    /// How many lists there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).expect("a policy has a budget of 2^26 items")
    }

    #[inline]
    pub(super) fn list(&self, index: u32) -> &[u32] {
        let index = index as usize;
        let Some([start, end]) = self.starts.get(index..).and_then(|rest| rest.first_chunk()) else {
            return &[];
        };
        self.items.get(*start as usize..*end as usize).unwrap_or(&[])
    }

    /// A list and the one after it.
    #[inline]
    pub(super) fn pair(&self, index: u32) -> (&[u32], &[u32]) {
        let Some([start, middle, end]) =
            self.starts.get(index as usize..).and_then(|rest| rest.first_chunk())
        else {
            return (&[], &[]);
        };
        let both = self.items.get(*start as usize..*end as usize).unwrap_or(&[]);
        both.split_at_checked((*middle - *start) as usize).unwrap_or((&[], both))
    }

    #[inline]
    pub(super) fn holds(&self, index: u32, item: u32) -> bool {
        self.list(index).binary_search(&item).is_ok()
    }
}

impl FromIterator<Vec<u32>> for Lists {
    fn from_iter<I: IntoIterator<Item = Vec<u32>>>(lists: I) -> Self {
        let mut all = Self::new();
        lists.into_iter().for_each(|list| all.push(list));
        all
    }
}
